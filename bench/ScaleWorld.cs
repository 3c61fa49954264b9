using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>A large cluster at rest in a process of its own, reached over a wire that counts.</summary>
internal sealed partial class ScaleWorld : IAsyncDisposable
{
    private const string Token = "token-of-the-cluster";
    private readonly DirectoryInfo _folder;
    private readonly ChildProcess _cluster;
    private readonly HttpClient _http;
    private int _starts;

    private ScaleWorld(DirectoryInfo folder, ChildProcess cluster, Uri address, Wire wire)
    {
        (_folder, _cluster, Wire) = (folder, cluster, wire);
        _http = new HttpClient { BaseAddress = address };
        _http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
    }

    public Wire Wire { get; }

    /// <summary>Leads over the wire.</summary>
    public string Kubeconfig => Path.Combine(_folder.FullName, "kubeconfig");

    /// <param name="scale">Nodes, pods, services, separated by commas.</param>
    public static async Task<ScaleWorld> StartAsync(string scale, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("runner-bench-");
        var file = Path.Combine(folder.FullName, "kubeconfig");
        var cluster = ChildProcess.Start(
            new Dictionary<string, string>(),
            Path.Combine(AppContext.BaseDirectory, "Runner.EmbeddedCluster.dll"), "--scale", scale, "--no-seed", "--no-controllers", "--token", Token, "--kubeconfig", file);
        await World.UntilAsync(() => Answers().IsMatch(cluster.Output), "the cluster answers", cluster, cancellationToken);
        var text = await File.ReadAllTextAsync(file, cancellationToken);
        var server = new Uri(Server().Match(text).Groups[1].Value);
        var wire = new Wire(server.Port);
        await File.WriteAllTextAsync(file, text.Replace($":{server.Port}", $":{wire.Port}", StringComparison.Ordinal), cancellationToken);
        return new ScaleWorld(folder, cluster, new Uri(Answers().Match(cluster.Output).Groups[1].Value), wire);
    }

    /// <summary>Settings of a program with a data folder of its own.</summary>
    /// <param name="before">Another cluster that the program works with, its default one.</param>
    public Dictionary<string, string> Settings(ScaleWorld? before = null) => new()
    {
        ["RUNNER_DATA_DIR"] = Path.Combine(_folder.FullName, $"data-{_starts++}"),
        ["RUNNER_CLUSTER"] = "kubeconfig",
        ["RUNNER_ADMIN_PASSWORD"] = World.Password,
        ["KUBECONFIG"] = before is null ? Kubeconfig : $"{before.Kubeconfig}{Path.PathSeparator}{Kubeconfig}",
        ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0",
        ["STARHUB_SERVER_CLUSTER_ID"] = "cluster-1",
        ["STARHUB_SERVER_API_TOKEN"] = World.ApiToken,
    };

    /// <summary>When a program says that it has found this cluster connected.</summary>
    /// <param name="output">What it wrote.</param>
    public DateTimeOffset? ConnectedAt(string output) => TimeOf(output, " is Connected");

    /// <summary>When a program says that it knows the services of this cluster.</summary>
    /// <inheritdoc cref="ConnectedAt"/>
    public DateTimeOffset? KnownAt(string output) => TimeOf(output, ": knows ", " services");

    /// <summary>Calls that the API server has answered so far, by verb and resource.</summary>
    public async Task<Dictionary<string, long>> CallsAsync(CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<Dictionary<string, long>>(new Uri("/embedded/requests", UriKind.Relative), cancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Wire.DisposeAsync();
        await _cluster.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Of several clusters the program tells each by its file, and the only one by the name in there.</summary>
    private DateTimeOffset? TimeOf(string output, string said, string end = "")
    {
        var ours = output.Contains("Cluster /", StringComparison.Ordinal) ? $"Cluster {Kubeconfig}" : "Cluster ";
        var line = output.Split('\n').LastOrDefault(line => line.Contains(ours, StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal) && line.TrimEnd().EndsWith(end, StringComparison.Ordinal));
        return line is null ? null : DateTimeOffset.Parse(line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"answers at (http://\S+)")]
    private static partial Regex Answers();

    [GeneratedRegex(@"server: ""?(https?://[^\s""]+)")]
    private static partial Regex Server();
}
