using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Diagnostics;
using Runner.Engine.Hub;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Diagnostics;

/// <summary>Whose clocks are compared with the runner's.</summary>
public sealed class ClockCheckTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_clocks_of_cluster_and_hub_are_compared_with_the_runners()
    {
        await using var hub = await RecordingHub.StartAsync();
        await using var cluster = await TestCluster.StartAsync();
        var ahead = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(10));
        await using var host = await RunnerHost.StartAsync(options => options with { Hub = options.Hub with { WebhookEndpoint = hub.Address } }, cluster: cluster.Endpoint, time: ahead);
        await Eventually.TrueAsync(() => host.Get<ClusterTelling>().HubClockOffset is not null, "the hub answers", 30);

        await host.Get<DiagnosticsBoard>().RunAsync(CheckId.ClockSkew, Cancel);

        var result = host.Get<DiagnosticsBoard>().Results.Single(known => known.Id == CheckId.ClockSkew);
        Assert.Equal((CheckState.Bad, CheckCause.ClockOff), (result.State, result.Cause));
        var evidence = result.Evidence.Select(line => line.English).ToList();
        Assert.Equal(["test", hub.Address.Authority], evidence.Select(line => line[..line.LastIndexOf(": ", StringComparison.Ordinal)]));
        Assert.All(evidence, line => Assert.InRange(double.Parse(line[(line.LastIndexOf(": ", StringComparison.Ordinal) + 2)..^2], CultureInfo.InvariantCulture), -601, -500));

        // Of another hub nothing is known yet.
        host.Get<HubClient>().PointTo(new Uri("http://127.0.0.1:9"));
        Assert.Null(host.Get<ClusterTelling>().HubClockOffset);
    }
}
