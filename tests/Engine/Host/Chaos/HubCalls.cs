using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Runner.Tests.Engine.Host.Chaos;

/// <summary>Calls a runner that comes and goes, as patiently as the hub has to: the same call again until it is answered well.</summary>
internal sealed class HubCalls : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly HttpClient _client;
    private int _calls;

    public HubCalls(Uri address, string token) =>
        _client = new HttpClient { BaseAddress = new Uri(address, "api/v1/"), Timeout = TimeSpan.FromSeconds(20), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    /// <summary>Calls made so far, answered or not.</summary>
    public int Count => Volatile.Read(ref _calls);

    /// <summary>Repeats the call until the answer is 2xx.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">The runner refuses the call as wrong.</exception>
    public async Task UntilDoneAsync(HttpMethod method, string path, JsonNode body, CancellationToken cancellationToken)
    {
        while (true)
        {
            Interlocked.Increment(ref _calls);
            try
            {
                using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
                using var answer = await _client.SendAsync(request, cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }

                var text = await answer.Content.ReadAsStringAsync(cancellationToken);
                Assert.True(answer.StatusCode >= HttpStatusCode.InternalServerError || answer.StatusCode == HttpStatusCode.TooManyRequests, $"{method} {path}: {(int)answer.StatusCode} {text}");
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Killed, or not up yet.
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();
}
