"""SignalR: ASP.NET Core's hub protocol and the classic one. Only ``link`` knows trio."""
