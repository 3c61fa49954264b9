using System.Net;

namespace Runner.Tests.Browser.Support;

/// <summary>A hub that takes whatever it is sent, from the moment it is started.</summary>
internal sealed class QuietHub : IDisposable
{
    private static readonly byte[] Taken = "{\"msg\":\"OK\"}"u8.ToArray();

    private readonly HttpListener _listener = new();

    public QuietHub(int port)
    {
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _ = AnswerAsync();
    }

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var call = await _listener.GetContextAsync();
                await call.Request.InputStream.CopyToAsync(Stream.Null);
                call.Response.ContentType = "application/json";
                call.Response.Close(Taken, willBlock: false);
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // Stopped.
        }
    }
}
