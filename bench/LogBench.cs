using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Runner.Bench;

/// <summary>
/// Bytes a second of a pod's log: as the program passes it on to the hub, as the API server gives it, and as kubectl prints it; followed
/// in all three, in turns.
/// </summary>
internal static class LogBench
{
    private const int Lines = 20_000;
    private const int LineLength = 1000;
    private const int Rounds = 7;
    internal const string Pod = "bench-pod";

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(services: 1, cancellationToken);
        WriteLines(world, await CreatePodAsync(world, cancellationToken));
        await world.StartRunnerAsync(cancellationToken);
        using var http = new HttpClient();
#pragma warning disable CA5359 // The embedded cluster of this machine, whose certificate is its own.
        using var trusting = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
#pragma warning restore CA5359
        var passed = new Uri(world.Address, $"/api/v1/service/{World.ServiceName(0)}/logs/{Pod}");
        var raw = new Uri(world.Cluster.Address, $"/api/v1/namespaces/{World.Namespace}/pods/{Pod}/log?container=user-container&follow=true");
        var stamped = new Uri(raw + "&timestamps=true");
        var secured = await SecuredAsync(world, stamped);
        await World.UntilAsync(() => world.Runner.Output.Contains("services", StringComparison.Ordinal), "the program knows the pod", world.Runner, cancellationToken);
        const long Wanted = (long)Lines * (LineLength + 1);
        const int StampLength = 31;

        List<double> ours = [], api = [], apiStamped = [], apiSecured = [], kubectl = [];
        for (var round = -1; round < Rounds; round++)
        {
            var a = await HttpAsync(http, passed, World.ApiToken, """{"cluster_id":""}""", Wanted, cancellationToken);
            var b = await HttpAsync(http, raw, world.Cluster.Token, null, Wanted, cancellationToken);
            var c = await HttpAsync(http, stamped, world.Cluster.Token, null, Wanted + (Lines * StampLength), cancellationToken);
            var e = await HttpAsync(trusting, secured, world.Cluster.Token, null, Wanted + (Lines * StampLength), cancellationToken);
            var d = await KubectlAsync(world, Wanted, cancellationToken);
            if (round >= 0)
            {
                ours.Add(a);
                api.Add(b);
                apiStamped.Add(c);
                apiSecured.Add(e);
                kubectl.Add(d);
            }
        }

        report.Add($"passed on by the program ({Lines} lines of {LineLength})", "MB/s", ours);
        report.Add("raw from the API server", "MB/s", api);
        report.Add("raw, with the time stamps that resuming needs", "MB/s", apiStamped);
        report.Add("raw, with time stamps and over TLS, as the program reads it", "MB/s", apiSecured);
        report.Add("kubectl logs -f", "MB/s", kubectl);
        report.Ratio("program / raw", Report.Median(ours) / Report.Median(api), "at least 0.9");
        report.Ratio("program / raw with time stamps", Report.Median(ours) / Report.Median(apiStamped), "at least 0.9");
        report.Ratio("program / raw with time stamps over TLS", Report.Median(ours) / Report.Median(apiSecured), "at least 0.9");
        report.Ratio("program / kubectl", Report.Median(ours) / Report.Median(kubectl), "at least 0.9");
    }

    /// <summary>The same address where the kubeconfig leads.</summary>
    private static async Task<Uri> SecuredAsync(World world, Uri address)
    {
        var configuration = await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(new FileInfo(world.Kubeconfig));
        return new Uri(new Uri(configuration.Host), address.PathAndQuery);
    }

    /// <summary>Makes a running pod of the first service.</summary>
    /// <returns>Its UID.</returns>
    internal static async Task<string> CreatePodAsync(World world, CancellationToken cancellationToken)
    {
        var name = World.ServiceName(0);
        var service = await world.Client.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>("serving.knative.dev", "v1", World.Namespace, "services", name, cancellationToken);
        var pod = await world.Client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new()
                {
                    Name = Pod,
                    Labels = new Dictionary<string, string>
                    {
                        ["serving.knative.dev/service"] = name,
                        ["serving.knative.dev/serviceUID"] = service.GetProperty("metadata").GetProperty("uid").GetString()!,
                    },
                },
                Spec = new() { NodeName = "node-1", Containers = [new() { Name = "user-container", Image = "registry.example.com/app:1" }] },
            },
            World.Namespace,
            cancellationToken: cancellationToken);
        var status = JsonNode.Parse("""{"status":{"phase":"Running","containerStatuses":[{"name":"user-container","image":"a","imageID":"a","ready":true,"restartCount":0,"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"} } }]} }""");
        await world.Client.CoreV1.PatchNamespacedPodStatusAsync(new V1Patch(status, V1Patch.PatchType.MergePatch), Pod, World.Namespace, cancellationToken: cancellationToken);
        return pod.Metadata.Uid;
    }

    private static void WriteLines(World world, string uid)
    {
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < Lines; i++)
        {
            var line = $"{i} ";
            world.Cluster.Logs.Append(uid, "user-container", now.AddMilliseconds(i - Lines), line + new string('x', LineLength - line.Length));
        }
    }

    private static async Task<double> HttpAsync(HttpClient http, Uri address, string token, string? body, long wanted, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = new("Bearer", token);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        var begin = TimeProvider.System.GetTimestamp();
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
        await ReadAsync(stream, wanted, cancellationToken);
        return Speed(wanted, begin);
    }

    private static async Task<double> KubectlAsync(World world, long wanted, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        using var kubectl = Tools.Kubectl(world, "logs", "-n", World.Namespace, "-f", Pod, "-c", "user-container");
        await ReadAsync(kubectl.StandardOutput.BaseStream, wanted, cancellationToken);
        var speed = Speed(wanted, begin);
        kubectl.Kill();
        await kubectl.WaitForExitAsync(cancellationToken);
        return speed;
    }

    private static async Task ReadAsync(Stream stream, long wanted, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        for (long total = 0; total < wanted;)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            total += read > 0 ? read : throw new BenchException($"the log ended after {total} of {wanted} bytes: {Encoding.UTF8.GetString(buffer, 0, Math.Min(200, (int)Math.Min(total, 200)))}");
        }
    }

    private static double Speed(long bytes, long begin) => bytes / 1e6 / TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
}

/// <summary>Outside programs.</summary>
internal static class Tools
{
    /// <summary>Starts the kubectl of <c>.tools/bin</c> against a cluster, with its output to be read.</summary>
    public static Process Kubectl(World world, params string[] arguments)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, ".tools", "bin", "kubectl")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new BenchException("there is no .tools/bin/kubectl; the README's test command installs it");
        }

        return Process.Start(new ProcessStartInfo(Path.Combine(folder, ".tools", "bin", "kubectl"), ["--kubeconfig", world.Kubeconfig, .. arguments]) { RedirectStandardOutput = true })!;
    }
}
