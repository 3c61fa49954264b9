using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>
/// The first full view of a large cluster at rest beside a bare read of the same lists: time and bytes on the wire, and what stays in memory; then
/// what watching costs the API server. The view is taken twice: by a program that has just been started for it, and by one that has followed another,
/// small cluster for a while when the large one becomes reachable. Clusters, program and bare reader are processes of their own, in turns; and all of it
/// again at a tenth of the size.
/// </summary>
internal static class ScaleBench
{
    private const int Rounds = 3;
    private const int Statuses = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    /// <summary>By then a program has had its first round of checks.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(20);

    private static readonly Uri Ready = new("/readyz", UriKind.Relative);

    private static readonly string[] Watches = ["watch nodes", "watch pods", "watch revisions.serving.knative.dev", "watch services.serving.knative.dev"];

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var small = await MeasureAsync(report, new(100, 1000, 500), cancellationToken);
        var large = await MeasureAsync(report, new(1000, 10_000, 5000), cancellationToken);
        report.Ratio("time of the first full view, ten times the objects", large.Seconds / small.Seconds, "at most 11");
        report.Ratio("memory beyond that of an idle program, ten times the objects", large.Added / small.Added, "at most 11");
        report.Ratio("resident memory, ten times the objects", large.Megabytes / small.Megabytes, "at most 11");
    }

    private static async Task<Figures> MeasureAsync(Report report, Size size, CancellationToken cancellationToken)
    {
        await using var cluster = await ScaleWorld.StartAsync(size.ToString(), cancellationToken);
        await using var other = await ScaleWorld.StartAsync("10,100,50", cancellationToken);
        List<double> ours = [], later = [], raw = [], oursBytes = [], rawBytes = [], resident = [], calls = [];
        await ReadRawAsync(cluster, cancellationToken);
        for (var round = 0; round < Rounds; round++)
        {
            var (seconds, bytes) = await ReadRawAsync(cluster, cancellationToken);
            raw.Add(seconds);
            rawBytes.Add(bytes);
            later.Add(await LaterViewAsync(cluster, other, cancellationToken));
            var view = await ViewAsync(cluster, cancellationToken);
            ours.Add(view.Seconds);
            oursBytes.Add(view.Bytes);
            resident.Add(view.Megabytes);
            calls.Add(view.Calls);
        }

        report.Say($"{size.Nodes} nodes, {size.Pods} pods, {size.Services} services with a revision each; cluster, program and reader in processes of their own");
        report.Add("first full view, program just started", "s", ours);
        report.Add("first full view, program already running", "s", later);
        report.Add("bare read of the same lists", "s", raw);
        report.Ratio("first full view / bare read, just started", Report.Median(ours) / Report.Median(raw), "at most 1.5");
        report.Ratio("first full view / bare read, already running", Report.Median(later) / Report.Median(raw), "at most 1.5");
        report.Add("bytes from the API server, first full view", "MB", oursBytes);
        report.Add("bytes from the API server, bare read", "MB", rawBytes);
        report.Ratio("first full view / bare read, bytes", Report.Median(oursBytes) / Report.Median(rawBytes), "at most 1.5");
        report.Add($"resident {Idle.TotalSeconds:0} s later (wanted under 400)", "MB", resident);
        report.Add($"calls to the API server but watches during {Statuses} status answers (wanted none)", "", calls);
        await using var empty = await ScaleWorld.StartAsync("1,0,1", cancellationToken);
        var idle = await ViewAsync(empty, cancellationToken);
        report.Add("resident beside an all but empty cluster", "MB", [idle.Megabytes]);
        return new(Report.Median(ours), Report.Median(resident), Report.Median(resident) - idle.Megabytes);
    }

    private static async Task<(double Seconds, double Megabytes)> ReadRawAsync(ScaleWorld cluster, CancellationToken cancellationToken)
    {
        cluster.Wire.Reset();
        await using var reader = ChildProcess.Start(new Dictionary<string, string>(), Path.Combine(AppContext.BaseDirectory, "Bench.dll"), BareLists.Command, cluster.Kubeconfig);
        await World.UntilAsync(() => reader.Output.Contains("bytes", StringComparison.Ordinal), "the lists are read", reader, cancellationToken);
        return (cluster.Wire.SinceFirst.TotalSeconds, cluster.Wire.Bytes / 1e6);
    }

    private static async Task<View> ViewAsync(ScaleWorld cluster, CancellationToken cancellationToken)
    {
        var before = await cluster.CallsAsync(cancellationToken);
        cluster.Wire.Reset();
        await using var runner = ChildProcess.Start(cluster.Settings());
        var address = await World.ListeningAsync(runner, cancellationToken);
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", World.ApiToken);
        var known = await KnownAsync(cluster, before, runner, http, clusters: 1, cancellationToken);
        var (seconds, bytes) = ((known - cluster.Wire.FirstAt).TotalSeconds, cluster.Wire.Bytes / 1e6);
        await Task.Delay(Idle, cancellationToken);
        var megabytes = StartBench.ResidentMegabytes(runner.Id);
        var steady = await cluster.CallsAsync(cancellationToken);
        for (var i = 0; i < Statuses; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/v1/service/u-acme-model-00000/status", UriKind.Relative)) { Content = JsonContent.Create(new { cluster_id = "" }) };
            using var response = await http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
        }

        var after = await cluster.CallsAsync(cancellationToken);
        var calls = after.Where(call => !call.Key.StartsWith("watch ", StringComparison.Ordinal)).Sum(call => call.Value - steady.GetValueOrDefault(call.Key));
        return new(seconds, bytes, megabytes, calls);
    }

    /// <summary>
    /// How long a program that follows another cluster already takes from finding this one connected, which it has tried in vain until then. Not from the first
    /// connection: it may be of anything that tries again at an interval, while the program waits for the end of its own pause.
    /// </summary>
    private static async Task<double> LaterViewAsync(ScaleWorld cluster, ScaleWorld other, CancellationToken cancellationToken)
    {
        var before = await cluster.CallsAsync(cancellationToken);
        var beforeOther = await other.CallsAsync(cancellationToken);
        cluster.Wire.Cut = true;
        await using var runner = ChildProcess.Start(cluster.Settings(other));
        using var http = new HttpClient { BaseAddress = await World.ListeningAsync(runner, cancellationToken) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", World.ApiToken);
        await KnownAsync(other, beforeOther, runner, http, clusters: 1, cancellationToken);
        await Task.Delay(Settled, cancellationToken);
        cluster.Wire.Cut = false;
        var known = await KnownAsync(cluster, before, runner, http, clusters: 2, cancellationToken);
        return (known - cluster.ConnectedAt(runner.Output)!.Value).TotalSeconds;
    }

    /// <summary>
    /// Waits until the program says that it knows a cluster, and sees to it that this is so. The program is not asked before: answering takes time of the processors that the view takes.
    /// </summary>
    /// <param name="before">Calls of the cluster before.</param>
    /// <param name="clusters">How many clusters are known then.</param>
    /// <returns>When it said so.</returns>
    private static async Task<DateTimeOffset> KnownAsync(ScaleWorld cluster, Dictionary<string, long> before, ChildProcess runner, HttpClient http, int clusters, CancellationToken cancellationToken)
    {
        await UntilAsync(() => Task.FromResult(cluster.KnownAt(runner.Output) is not null), Patience);
        await UntilAsync(
            async () => await KnownAsync(http, cancellationToken) == clusters && Watches.All((await cluster.CallsAsync(cancellationToken)).Except(before).Select(call => call.Key).Contains),
            TimeSpan.FromSeconds(1));
        return cluster.KnownAt(runner.Output)!.Value;

        async Task UntilAsync(Func<Task<bool>> isSo, TimeSpan patience)
        {
            var begin = TimeProvider.System.GetTimestamp();
            while (!await isSo())
            {
                if (runner.HasExited || TimeProvider.System.GetElapsedTime(begin) > patience)
                {
                    throw new BenchException($"the program did not know its cluster; it wrote: {runner.Output}");
                }

                await Task.Delay(20, cancellationToken);
            }
        }
    }

    /// <summary>How many clusters the program says it knows the workloads of, to an administrator.</summary>
    private static async Task<int> KnownAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(Ready, cancellationToken);
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return json.RootElement.GetProperty("dependencies").EnumerateArray().Count(dependency =>
            dependency.GetProperty("name").GetString()!.StartsWith("cluster/", StringComparison.Ordinal) && dependency.GetProperty("state").GetString() != "failed");
    }

    private sealed record Size(int Nodes, int Pods, int Services)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Nodes},{Pods},{Services}");
    }

    private sealed record View(double Seconds, double Bytes, double Megabytes, long Calls);

    private sealed record Figures(double Seconds, double Megabytes, double Added);
}
