using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>A replica that is to speak to the hub and cannot write that it does.</summary>
public sealed class UnclaimedStateTests
{
    private static readonly ObjectKey Lease = new("coordination.k8s.io", "leases", "spaces", "csghub-runner");

    [Fact]
    public async Task It_says_why_it_does_not_speak_stands_again_and_speaks_once_it_can()
    {
        await using var cluster = await TestCluster.StartAsync();
        var (refusesLeases, refusesState, asked) = (true, true, 0);
        cluster.Host.Faults.FailsWith = (method, path) =>
        {
            if (path.Contains("/leases", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref asked);
                return Volatile.Read(ref refusesLeases) ? 403 : 0;
            }

            return Volatile.Read(ref refusesState) && method == "PUT" && path.Contains("/secrets/", StringComparison.Ordinal) ? 500 : 0;
        };
        await using var host = await RunnerHost.StartAsync(
            options => options with
            {
                LeaderElection = true, RunnerNamespace = "spaces", LeaseDuration = TimeSpan.FromSeconds(3), Hub = options.Hub with { WebhookEndpoint = new("http://127.0.0.1:9") },
            },
            cluster: cluster.Endpoint);
        var leadership = host.Get<HubLeadership>();

        // Nobody is elected where nobody may use Leases.
        await Eventually.TrueAsync(() => leadership.Problem.Length > 0, "it says what is the matter", 30);
        Assert.False(leadership.IsLeader);
        Assert.Contains("is to speak to the hub and cannot yet", leadership.WhySilent.English, StringComparison.Ordinal);
        Assert.Contains("无法进行", leadership.WhySilent.Chinese, StringComparison.Ordinal);
        var status = host.Get<Outbox>().Status;
        Assert.True(status.IsTroubled && status.LastError.English.Contains("cannot yet", StringComparison.Ordinal), status.LastError.English);

        // Elected, and deprived of that again for longer than it may go without a renewal: it stands anew.
        Volatile.Write(ref refusesLeases, false);
        await Eventually.TrueAsync(() => cluster.Store.Get(Lease) is { } lease && Holder(lease).Length > 0, "it is elected", 30);
        Volatile.Write(ref refusesLeases, true);
        var before = Volatile.Read(ref asked);
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > before + 15, "it cannot renew in time", 60);
        Volatile.Write(ref refusesLeases, false);
        var renewals = new HashSet<string?>();
        await Eventually.TrueAsync(() => renewals.Add((string?)cluster.Store.Get(Lease)!.Json["spec"]?["renewTime"]) && renewals.Count > 5, "it has the Lease again, and renews it", 30);
        Assert.False(leadership.IsLeader);

        Volatile.Write(ref refusesState, false);
        await Eventually.TrueAsync(() => leadership.IsLeader && leadership.Problem.Length == 0 && leadership.WhySilent.Length == 0, "it speaks", 30);
        await Eventually.TrueAsync(() => cluster.Store.Get(Lease) is { } lease && Holder(lease) == leadership.Leader, "as the Lease has it", 30);
    }

    [Fact]
    public async Task It_lets_the_others_try()
    {
        await using var cluster = await TestCluster.StartAsync();
        var refusesState = false;
        cluster.Host.Faults.FailsWith = (method, path) => Volatile.Read(ref refusesState) && method == "PUT" && path.Contains("/secrets/", StringComparison.Ordinal) ? 500 : 0;
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        RunnerHost[] both = [first, second];
        await Eventually.TrueAsync(() => both.Count(Leads) == 1, "one speaks", 30);

        // A third one has the Lease and ends. Whoever of the two is elected after it cannot write that, and the other one cannot either.
        Volatile.Write(ref refusesState, true);
        cluster.Store.Change(Lease, json => json["spec"]!["holderIdentity"] = "gone");
        var (holders, given) = (new HashSet<string>(), 0);
        await Eventually.TrueAsync(
            () =>
            {
                var holder = cluster.Store.Get(Lease) is { } lease ? Holder(lease) : null;
                given += holder is "" ? 1 : 0;
                _ = holder is { Length: > 0 } and not "gone" && holders.Add(holder);
                return holders.Count == 2 && given > 0;
            },
            () => $"each has it in turn; {string.Join(", ", holders)} had it",
            60);

        Volatile.Write(ref refusesState, false);
        await Eventually.TrueAsync(() => both.Count(Leads) == 1 && cluster.Store.Get(Lease) is { } lease && both.Single(Leads).Get<HubLeadership>().Leader == Holder(lease), "one speaks, as the Lease has it", 60);

        Task<RunnerHost> StartAsync() => RunnerHost.StartAsync(options => options with { LeaderElection = true, RunnerNamespace = "spaces", LeaseDuration = TimeSpan.FromSeconds(3) }, cluster: cluster.Endpoint);
    }

    private static bool Leads(RunnerHost host) => host.Get<HubLeadership>().IsLeader;

    private static string Holder(StoredObject lease) => (string?)lease.Json["spec"]?["holderIdentity"] ?? "";
}
