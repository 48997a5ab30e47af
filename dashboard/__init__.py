"""Look and act: Streamlit and Plotly live only here."""
