using System.Text;
using k8s;
using k8s.Models;
using Runner.EmbeddedCluster;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Hub;

/// <summary>The whole program, killed again and again while services change and a hub that is not always well listens.</summary>
public sealed class KillTests : IDisposable
{
    private const int Services = 10;

    private static readonly int Kills = LongRun.Of(5, 20);
    private static readonly int SettledChanges = LongRun.Of(60, 300);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_again_and_again_while_services_change_no_settled_state_is_lost_or_out_of_order()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = false }, cancel);
        await using var hub = await RecordingHub.StartAsync();
        var chance = new Random(20);
        hub.Mood = _ => Next(chance, 100) switch { < 5 => HubMood.Error, < 10 => HubMood.DropAfterTaking, < 12 => HubMood.Garbage, _ => HubMood.Well };
        var kubeconfig = _folder.File("kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, cluster.Kubeconfig(), cancel);
        using var yaml = new MemoryStream(Encoding.UTF8.GetBytes(cluster.Kubeconfig()));
        using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(yaml));
        await client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = "spaces" } }, cancellationToken: cancel);

        using var stop = new CancellationTokenSource();
        var services = Enumerable.Range(0, Services).Select(i => new DrivenService($"web-{i}", client, hub, new Random(i))).ToList();
        var driving = Task.WhenAll(services.Select(service => service.RunAsync(stop.Token, cancel)));
        var kills = 0;
        var moments = new Random(4711);
        var runner = StartRunner(kubeconfig, hub);
        try
        {
            while (kills < Kills || services.Sum(service => service.Settled) < SettledChanges)
            {
                // One in four before it can have done much, the others while it is at work.
                if (moments.Next(4) > 0)
                {
                    var calls = hub.Calls;
                    await Eventually.TrueAsync(() => hub.Calls > calls || driving.IsCompleted || runner.HasExited, "a call to the hub", seconds: 60);
                }

                await Task.WhenAny(driving, Task.Delay(TimeSpan.FromMilliseconds(moments.Next(0, 1500)), TimeProvider.System, cancel));
                if (driving.IsCompleted)
                {
                    break;
                }

                Assert.False(runner.HasExited, runner.Output);
                await runner.KillAsync();
                kills++;
                await runner.DisposeAsync();
                runner = StartRunner(kubeconfig, hub);
            }

            await stop.CancelAsync();
            await driving;
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills, {services.Sum(service => service.Settled)} settled changes, {hub.Taken.Count} events taken in {hub.Calls} calls");
            await runner.DisposeAsync();
            TestContext.Current.TestOutputHelper?.WriteLine(runner.Output);
        }

        Assert.Empty(services.Select(service => service.Verify()).OfType<string>());
    }

    private static int Next(Random random, int below)
    {
        lock (random)
        {
            return random.Next(below);
        }
    }

    private ChildProcess StartRunner(string kubeconfig, RecordingHub hub) => ChildProcess.Start(new Dictionary<string, string>
    {
        ["RUNNER_DATA_DIR"] = _folder.File("data"),
        ["RUNNER_CLUSTER"] = "kubeconfig",
        ["RUNNER_ADMIN_PASSWORD"] = "correct horse battery staple",
        ["KUBECONFIG"] = kubeconfig,
        ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0",
        ["STARHUB_SERVER_CLUSTER_ID"] = "cluster-1",
        ["STARHUB_SERVER_API_TOKEN"] = "token-of-the-kill-test",
        ["STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT"] = hub.Address.ToString(),
    });
}
