using System.Diagnostics;
using System.Text.RegularExpressions;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>One replica as a process of its own, behind a wire of its own.</summary>
internal sealed partial class ReplicaProcess : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _kubeconfig;
    private readonly RecordingHub _hub;
    private readonly CuttableLink _link;
    private ChildProcess _process;

    /// <param name="kubeconfig">Its server is on loopback.</param>
    public ReplicaProcess(string name, TemporaryFolder folder, string kubeconfig, RecordingHub hub)
    {
        Name = name;
        _hub = hub;
        _folder = folder.File("data-" + name);

        // The cluster has the name of the file, and replicas must know it by the same one.
        _kubeconfig = Path.Combine(Directory.CreateDirectory(folder.File("kube-" + name)).FullName, "kubeconfig");
        var port = int.Parse(ServerPort().Match(kubeconfig).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        _link = new CuttableLink(port);
        File.WriteAllText(_kubeconfig, kubeconfig.Replace($"127.0.0.1:{port}", $"127.0.0.1:{_link.Port}", StringComparison.Ordinal));
        _process = Start();
    }

    /// <summary>By which the hub tells it from others.</summary>
    public string Name { get; }

    /// <summary>Everything it printed since it was started last.</summary>
    public string Output => _process.Output;

    /// <summary>Who it was as it last spoke; empty when it never did.</summary>
    public string Spoke => Speaks().Matches(Output) is [.., var last] ? last.Groups[1].Value : "";

    /// <summary>Whether it knows enough to take the other's place.</summary>
    public async Task<bool> IsReadyAsync()
    {
        if (Listening().Match(Output) is not { Success: true } listening)
        {
            Assert.False(_process.HasExited, Output);
            return false;
        }

        try
        {
            using var client = new HttpClient { BaseAddress = new Uri(listening.Groups[1].Value), Timeout = TimeSpan.FromSeconds(5) };
            using var answer = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>SIGTERM, as Kubernetes ends a pod; returns when it has ended.</summary>
    public async Task TerminateAsync()
    {
        Signal("TERM");
        await _process.EndAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>Starts it again.</summary>
    /// <param name="forget">Whether its data folder is gone with it, as that of a pod without a volume is.</param>
    public async Task StartAgainAsync(bool forget)
    {
        await _process.DisposeAsync();
        if (forget)
        {
            Directory.Delete(_folder, recursive: true);
        }

        _process = Start();
    }

    public void Pause() => Signal("STOP");

    public void GoOn() => Signal("CONT");

    public void Cut() => _link.Cut();

    public void Mend() => _link.Mend();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            GoOn();
        }

        await _process.DisposeAsync();
        await _link.DisposeAsync();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private ChildProcess Start() => ChildProcess.Start(new Dictionary<string, string>
    {
        ["RUNNER_DATA_DIR"] = _folder,
        ["RUNNER_CLUSTER"] = "kubeconfig",
        ["RUNNER_LEADER_ELECTION"] = "true",
        ["RUNNER_LEASE_SECONDS"] = "3",
        ["RUNNER_ADMIN_PASSWORD"] = "correct horse battery staple",
        ["KUBECONFIG"] = _kubeconfig,
        ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0",
        ["STARHUB_SERVER_CLUSTER_ID"] = "cluster-1",
        ["STARHUB_SERVER_CLUSTER_RUNNER_NAMESPACE"] = "spaces",
        ["STARHUB_SERVER_API_TOKEN"] = "token-of-the-replica-test",

        // No takeover, on however slow a machine, is a silence for which the hub gives the cluster up.
        ["STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC"] = "30",
        ["STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT"] = _hub.AddressOf(Name).ToString(),
    });

    [GeneratedRegex(@"server: https?://127\.0\.0\.1:(\d+)")]
    private static partial Regex ServerPort();

    [GeneratedRegex(@"This replica, (\S+), speaks to the hub")]
    private static partial Regex Speaks();

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
