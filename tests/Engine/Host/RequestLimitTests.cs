using System.Net;
using Runner.Web.Hosting;
using Runner.Web.Identity.SignIn;

namespace Runner.Tests.Engine.Host;

public sealed class RequestLimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_asks_without_end_is_told_to_wait_while_the_hub_health_and_files_are_answered()
    {
        await using var host = await RunnerHost.StartAsync();
        using var client = host.Program();
        HttpResponseMessage? refused = null;
        await Parallel.ForAsync(0, 3 * RequestLimit.Burst, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancel }, async (_, token) =>
        {
            if (Volatile.Read(ref refused) is null && await client.GetAsync("/language/en?returnUrl=/", token) is { StatusCode: HttpStatusCode.TooManyRequests } answer)
            {
                Interlocked.CompareExchange(ref refused, answer, null);
            }
        });

        Assert.NotNull(refused);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.Contains("Too many requests", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        // While the room for requests is empty, or nearly: none of these takes of it.
        foreach (var (path, token) in new[] { ("/healthz", ""), ("/readyz", ""), ("/_framework/blazor.web.js", ""), ("/css/tokens.css", ""), ("/api/v1/service/x/status", RunnerHost.HubToken) })
        {
            for (var i = 0; i < RequestLimit.ASecond / 4; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = token.Length > 0 ? new("Bearer", token) : null } };
                using var answer = await client.SendAsync(request, Cancel);
                Assert.True(answer.StatusCode != HttpStatusCode.TooManyRequests, path);
            }
        }
    }

    [Fact]
    public async Task Sign_in_keeps_its_own_limit_and_its_page()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        HttpResponseMessage? last = null;
        for (var i = 0; i <= SignInLimit.Attempts; i++)
        {
            last = await browser.PostAsync("/account/code", null, Cancel);
        }

        Assert.Equal((HttpStatusCode.TooManyRequests, SignInLimit.Window), (last!.StatusCode, last.Headers.RetryAfter?.Delta));
        Assert.Equal("text/html", last.Content.Headers.ContentType?.MediaType);
    }
}
