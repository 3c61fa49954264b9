using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Runner.Web.ConsoleApi;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.RunnerApi.Contract;

/// <summary>Plays the hub's client: every call of the contract on every sample, well and ill, against the running program.</summary>
public sealed class ContractTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    private readonly ContractPlayer _player = new(host);

    public static TheoryData<string> Samples => [.. HappyCalls.All.Keys];

    public static TheoryData<int> Unhappy => [.. Enumerable.Range(0, UnhappyCalls.All.Count)];

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Every_call_about_a_sample_is_answered_as_the_hub_reads_it_however_often_it_is_made(string sample)
    {
        await _player.PlaySampleAsync(sample);
    }

    [Theory]
    [MemberData(nameof(Unhappy))]
    public async Task What_is_wrong_is_answered_in_the_envelope(int index) => await _player.PlayAsync(UnhappyCalls.All[index]);

    [Fact]
    public void Every_sample_is_played()
    {
        var samples = Directory.GetFiles(Path.Combine(Repository.Root, "samples"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file));

        Assert.Empty(samples.Except(HappyCalls.All.Keys));
    }

    [Fact]
    public void Every_call_that_the_program_has_is_played_well_and_ill()
    {
        var mapped = Routes();

        Assert.NotEmpty(mapped);
        Assert.Equal(mapped, HappyCalls.All.Values.SelectMany(calls => calls).Where(call => call.Status == 200).Select(call => call.Route).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(mapped, UnhappyCalls.All.Select(call => call.Route).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "AUTH-ERR-5")]
    [InlineData("Bearer not-the-token", "AUTH-ERR-9")]
    public async Task No_call_is_answered_without_the_hubs_token(string? authorization, string code)
    {
        using var stranger = new HttpClient { BaseAddress = host.Hub.BaseAddress };
        foreach (var call in UnhappyCalls.All)
        {
            using var request = new HttpRequestMessage(call.Method, call.Path) { Content = new StringContent(call.Body ?? "", Encoding.UTF8, "application/json") };
            request.Headers.Authorization = authorization is null ? null : AuthenticationHeaderValue.Parse(authorization);
            using var answer = await stranger.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal(
                (call.Route, 401, $$"""{"code":"{{code}}","msg":"{{code}}"}"""),
                (call.Route, (int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        }
    }

    private List<string> Routes() =>
    [
        .. host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith(RunnerApiEndpoints.BasePath, StringComparison.Ordinal) && !route.RoutePattern.RawText.Contains("**", StringComparison.Ordinal) && route.RoutePattern.RawText != ConfigValues.Path)
            .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method} {route.RoutePattern.RawText![RunnerApiEndpoints.BasePath.Length..].TrimEnd('/')}"))
            .Distinct().Order(StringComparer.Ordinal),
    ];
}
