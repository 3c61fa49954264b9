using System.Globalization;
using System.Net.Http.Json;
using k8s;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>
/// The first full view of a large cluster at rest beside a bare read of the same lists: time and bytes on the wire, and what stays in memory; then
/// what watching costs the API server. Cluster, program and bare reader are processes of their own, in turns; and all of it again at a tenth of the size.
/// </summary>
internal static class ScaleBench
{
    /// <summary>Reads the lists and nothing more; prints how many bytes they have.</summary>
    public const string ReadCommand = "read-lists";

    private const int Rounds = 3;
    private const int PageSize = 500;
    private const int Statuses = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    /// <summary>The kinds that a cluster of <see cref="Size"/> has many of.</summary>
    private static readonly string[] Lists =
        ["api/v1/nodes", "api/v1/pods", "apis/serving.knative.dev/v1/namespaces/spaces/services", "apis/serving.knative.dev/v1/namespaces/spaces/revisions"];

    private static readonly string[] Watches = ["watch nodes", "watch pods", "watch revisions.serving.knative.dev", "watch services.serving.knative.dev"];

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var small = await MeasureAsync(report, new(100, 1000, 500), cancellationToken);
        var large = await MeasureAsync(report, new(1000, 10_000, 5000), cancellationToken);
        report.Ratio("time of the first full view, ten times the objects", large.Seconds / small.Seconds, "at most 11");
        report.Ratio("memory beyond that of an idle program, ten times the objects", large.Added / small.Added, "at most 11");
        report.Ratio("resident memory, ten times the objects", large.Megabytes / small.Megabytes, "at most 11");
    }

    /// <summary>The bare reader's process: every list in pages, all lists at once, as the program reads them, and nothing kept.</summary>
    public static async Task ReadListsAsync(string kubeconfig)
    {
        using var client = new Kubernetes(await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(new FileInfo(kubeconfig)));
        var bytes = await Task.WhenAll(Lists.Select(list => ReadListAsync(client, list)));
        Console.WriteLine($"read {bytes.Sum()} bytes");
    }

    private static async Task<long> ReadListAsync(Kubernetes client, string list)
    {
        long bytes = 0;
        string? next = "";
        while (next is not null)
        {
            var path = $"{list}?limit={PageSize}{(next.Length > 0 ? $"&continue={Uri.EscapeDataString(next)}" : "")}";
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.BaseUri, path)) { Version = new(2, 0) };
            await client.Credentials.ProcessHttpRequestAsync(request, CancellationToken.None);
            using var response = await client.HttpClient.SendAsync(request);
            var page = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
            bytes += page.Length;
            next = ContinueOf(page);
        }

        return bytes;
    }

    /// <summary>The list's metadata come before its items or behind them, never inside: look at both ends.</summary>
    /// <returns>Null after the last page.</returns>
    private static string? ContinueOf(ReadOnlySpan<byte> page)
    {
        var key = "\"continue\":\""u8;
        var at = page[..Math.Min(page.Length, 4096)].IndexOf(key);
        var start = at >= 0 ? at : page.LastIndexOf(key);
        if (start < 0)
        {
            return null;
        }

        var value = page[(start + key.Length)..];
        var length = value.IndexOf((byte)'"');
        return length > 0 ? System.Text.Encoding.UTF8.GetString(value[..length]) : null;
    }

    private static async Task<Figures> MeasureAsync(Report report, Size size, CancellationToken cancellationToken)
    {
        await using var cluster = await ScaleWorld.StartAsync(size.ToString(), cancellationToken);
        List<double> ours = [], raw = [], oursBytes = [], rawBytes = [], resident = [], calls = [];
        await ReadRawAsync(cluster, cancellationToken);
        for (var round = 0; round < Rounds; round++)
        {
            var (seconds, bytes) = await ReadRawAsync(cluster, cancellationToken);
            raw.Add(seconds);
            rawBytes.Add(bytes);
            var view = await ViewAsync(cluster, cancellationToken);
            ours.Add(view.Seconds);
            oursBytes.Add(view.Bytes);
            resident.Add(view.Megabytes);
            calls.Add(view.Calls);
        }

        report.Say($"{size.Nodes} nodes, {size.Pods} pods, {size.Services} services with a revision each; cluster, program and reader in processes of their own");
        report.Add("first full view", "s", ours);
        report.Add("bare read of the same lists", "s", raw);
        report.Ratio("first full view / bare read, time", Report.Median(ours) / Report.Median(raw), "at most 1.5");
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
        await using var reader = ChildProcess.Start(new Dictionary<string, string>(), Path.Combine(AppContext.BaseDirectory, "Bench.dll"), ReadCommand, cluster.Kubeconfig);
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
        var begin = TimeProvider.System.GetTimestamp();
        while (!(await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellationToken)).IsSuccessStatusCode
            || !Watches.All((await cluster.CallsAsync(cancellationToken)).Except(before).Select(call => call.Key).Contains))
        {
            if (runner.HasExited || TimeProvider.System.GetElapsedTime(begin) > Patience)
            {
                throw new BenchException($"the program did not know its cluster; it wrote: {runner.Output}");
            }

            await Task.Delay(20, cancellationToken);
        }

        var (seconds, bytes) = (cluster.Wire.SinceFirst.TotalSeconds, cluster.Wire.Bytes / 1e6);
        await Task.Delay(Idle, cancellationToken);
        var megabytes = StartBench.ResidentMegabytes(runner.Id);
        var steady = await cluster.CallsAsync(cancellationToken);
        http.DefaultRequestHeaders.Authorization = new("Bearer", World.ApiToken);
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

    private sealed record Size(int Nodes, int Pods, int Services)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Nodes},{Pods},{Services}");
    }

    private sealed record View(double Seconds, double Bytes, double Megabytes, long Calls);

    private sealed record Figures(double Seconds, double Megabytes, double Added);
}
