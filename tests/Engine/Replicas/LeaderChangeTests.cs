using System.Text;
using k8s;
using k8s.Models;
using Runner.EmbeddedCluster;
using Runner.Tests.Engine.Hub;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>
/// Two replicas as processes in one cluster, while services change all the time: whichever of them speaks to the hub is killed, paused, cut off from the API server but
/// not from the hub, or ended as Kubernetes does. <c>RUNNER_TEST_LONG=1</c> changes the speaker a hundred times, else six.
/// </summary>
public sealed class LeaderChangeTests : IDisposable
{
    private const string Lease = "csghub-runner";

    private static readonly int Changes = LongRun.Wanted ? 100 : 6;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whatever_happens_to_the_one_that_speaks_every_event_is_told_in_order_and_never_by_two()
    {
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = false }, Cancel);
        await using var hub = await RecordingHub.StartAsync();
        var chance = new Random(6);
        hub.Mood = _ => Next(chance, 100) switch { < 4 => HubMood.Error, < 8 => HubMood.DropAfterTaking, _ => HubMood.Well };
        hub.Latency = () => TimeSpan.FromMilliseconds(Next(chance, 10) == 0 ? 100 : 0);
        using var yaml = new MemoryStream(Encoding.UTF8.GetBytes(cluster.Kubeconfig()));
        using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(yaml));
        await client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = "spaces" } }, cancellationToken: Cancel);
        await using var one = new ReplicaProcess("one", _folder, cluster.Kubeconfig(), hub);
        await using var two = new ReplicaProcess("two", _folder, cluster.Kubeconfig(), hub);

        using var stop = new CancellationTokenSource();
        var services = Enumerable.Range(0, 8).Select(i => new DrivenService($"web-{i}", client, hub, new Random(i))).ToList();
        var driving = Task.WhenAll(services.Select(service => service.RunAsync(stop.Token, Cancel)));
        var takeovers = new List<TimeSpan>();
        try
        {
            for (var change = 0; change < Changes; change++)
            {
                var (speaker, other) = await SpeakerAsync(client, one, two);
                await Eventually.TrueAsync(other.IsReadyAsync, () => $"{other.Name} can take over: {other.Output}", 60);
                var spoken = hub.Spoken.Count;
                await Eventually.TrueAsync(() => hub.Spoken.Skip(spoken).Any(call => call.Sender == speaker.Name) || driving.IsCompleted, $"{speaker.Name} tells something", 60);
                await Task.Delay(TimeSpan.FromMilliseconds(Next(chance, 400)), TimeProvider.System, Cancel);
                takeovers.Add(await TroubleAsync((Trouble)(change % 4), speaker, other, change, client));
                Assert.False(driving.IsFaulted, driving.Exception?.ToString());
            }

            await stop.CancelAsync();
            await driving;
        }
        finally
        {
            var output = TestContext.Current.TestOutputHelper;
            output?.WriteLine($"{takeovers.Count} changes, {services.Sum(service => service.Settled)} settled states, {hub.Taken.Count} events taken in {hub.Calls} calls");
            output?.WriteLine("taken over after s: " + string.Join(" ", takeovers.Select(time => time.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture))));
            output?.WriteLine($"{one.Output}\n---\n{two.Output}");
        }

        Assert.Empty(services.Select(service => service.Verify()).OfType<string>());
        AssertOneSpeaker(hub.Spoken, (await client.CoordinationV1.ReadNamespacedLeaseAsync(Lease, "spaces", cancellationToken: Cancel)).Spec.LeaseTransitions ?? 0);
    }

    /// <summary>No call of one replica begins before every call of the other has ended, but for the replicas' turns, which are no more than the Lease has had holders.</summary>
    private static void AssertOneSpeaker(IReadOnlyList<HubCall> calls, int transitions)
    {
        var turns = 1;
        HubCall? latest = null;
        foreach (var call in calls.OrderBy(call => call.Began))
        {
            if (latest is not null && latest.Sender != call.Sender)
            {
                turns++;
                Assert.True(latest.Ended <= call.Began, $"{call.Sender} speaks while {latest.Sender} still does: {call.Body} and {latest.Body}");
            }

            latest = latest is null || call.Ended > latest.Ended || latest.Sender != call.Sender ? call : latest;
        }

        Assert.InRange(turns, 2, transitions + 1);
    }

    private static async Task<TimeSpan> TroubleAsync(Trouble trouble, ReplicaProcess speaker, ReplicaProcess other, int change, Kubernetes client)
    {
        var began = TimeProvider.System.GetTimestamp();
        switch (trouble)
        {
            case Trouble.Killed:
                await speaker.KillAsync();
                break;
            case Trouble.Paused:
                speaker.Pause();
                break;
            case Trouble.CutOff:
                speaker.Cut();
                break;
            default:
                await speaker.TerminateAsync();
                break;
        }

        await Eventually.TrueAsync(async () => other.Spoke.Length > 0 && other.Spoke == await HolderAsync(client), () => $"{other.Name} takes over after {trouble}: {other.Output}", 60);
        var taken = TimeProvider.System.GetElapsedTime(began);
        switch (trouble)
        {
            case Trouble.Paused:
                speaker.GoOn();
                break;
            case Trouble.CutOff:
                speaker.Mend();
                break;
            default:
                await speaker.StartAgainAsync(forget: change % 8 < 4);
                break;
        }

        return taken;
    }

    private static async Task<(ReplicaProcess Speaker, ReplicaProcess Other)> SpeakerAsync(Kubernetes client, ReplicaProcess one, ReplicaProcess two)
    {
        (ReplicaProcess Speaker, ReplicaProcess Other)? found = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var holder = await HolderAsync(client);
                found = holder.Length == 0 ? null : one.Spoke == holder ? (one, two) : two.Spoke == holder ? (two, one) : null;
                return found is not null;
            },
            () => $"one of them speaks: {one.Output}\n---\n{two.Output}",
            60);
        return found!.Value;
    }

    private static async Task<string> HolderAsync(Kubernetes client)
    {
        try
        {
            return (await client.CoordinationV1.ReadNamespacedLeaseAsync(Lease, "spaces", cancellationToken: Cancel)).Spec.HolderIdentity ?? "";
        }
        catch (k8s.Autorest.HttpOperationException missing) when (missing.Response.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return "";
        }
    }

    private static int Next(Random random, int below)
    {
        lock (random)
        {
            return random.Next(below);
        }
    }

    private enum Trouble
    {
        Killed,
        Paused,
        CutOff,
        Ended,
    }
}
