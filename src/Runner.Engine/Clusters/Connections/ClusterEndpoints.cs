using k8s;

namespace Runner.Engine.Clusters.Connections;

/// <summary>Finds out which clusters there are to work with.</summary>
public static class ClusterEndpoints
{
    /// <summary>
    /// The cluster this process runs in; else one for each kubeconfig file of <c>KUBECONFIG</c>, or named <c>config*</c> in <c>~/.kube</c>.
    /// Nothing is asked of them yet: one that cannot be read is a dead cluster with a clear problem.
    /// </summary>
    /// <param name="choice"><c>incluster</c>, <c>kubeconfig</c> or <c>embedded</c> decides by hand; empty detects.</param>
    /// <param name="environment">Reads an environment variable; null where it is not set.</param>
    /// <param name="home">Home folder of the user.</param>
    /// <returns>In the order of the files' names, the first one is the default; empty when the embedded cluster is to be used.</returns>
    /// <exception cref="ArgumentException">The choice is none of these.</exception>
    public static IReadOnlyList<ClusterEndpoint> Discover(string choice, Func<string, string?> environment, string home) => choice switch
    {
        "incluster" => [InCluster()],
        "kubeconfig" => Files(environment, home) is { Count: > 0 } files ? Kubeconfigs(files) : [Missing(home)],
        "embedded" => [],
        "" when !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST")) => [InCluster()],
        "" => Kubeconfigs(Files(environment, home)),
        _ => throw new ArgumentException($"RUNNER_CLUSTER is '{choice}', but must be incluster, kubeconfig, embedded or empty.", nameof(choice)),
    };

    /// <summary>The simulated cluster, which leaves its kubeconfig at this path once it runs.</summary>
    public static ClusterEndpoint Embedded(string kubeconfig) =>
        new("embedded", ClusterOrigin.Embedded, () => KubernetesClientConfiguration.BuildConfigFromConfigObject(KubeconfigFile.Read(kubeconfig)));

    /// <summary>A cluster described by a kubeconfig file, with the file's current context.</summary>
    internal static ClusterEndpoint Kubeconfig(string path) =>
        new(NameOf(path), ClusterOrigin.Kubeconfig, () => KubernetesClientConfiguration.BuildConfigFromConfigObject(KubeconfigFile.Read(path)));

    /// <summary>Names tell clusters apart: files that would bear the same one, as in two folders, bear their paths.</summary>
    private static IReadOnlyList<ClusterEndpoint> Kubeconfigs(List<string> files)
    {
        var endpoints = files.ConvertAll(path => (Path: path, Endpoint: Kubeconfig(path)));
        return [.. endpoints.Select(entry => endpoints.Count(other => other.Endpoint.Name == entry.Endpoint.Name) > 1 ? entry.Endpoint with { Name = entry.Path } : entry.Endpoint)];
    }

    private static ClusterEndpoint InCluster() => new("in-cluster", ClusterOrigin.InCluster, KubernetesClientConfiguration.InClusterConfig) { Account = PodAccount.OfThisPod() };

    private static ClusterEndpoint Missing(string home) => new(
        "kubeconfig",
        ClusterOrigin.Kubeconfig,
        () => throw new ClusterUnreachableException(new(
            $"RUNNER_CLUSTER is 'kubeconfig', but neither KUBECONFIG nor {Path.Combine(home, ".kube")} names a file. Put a kubeconfig there and start again.",
            $"RUNNER_CLUSTER 为 kubeconfig，但 KUBECONFIG 和 {Path.Combine(home, ".kube")} 中都没有文件。请在那里放置 kubeconfig 并重新启动。")));

    private static List<string> Files(Func<string, string?> environment, string home)
    {
        if (environment("KUBECONFIG") is { Length: > 0 } list)
        {
            return [.. list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];
        }

        var folder = Path.Combine(home, ".kube");
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "config*").Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>File name and current context. A file that cannot be read now keeps the name without a context, for as long as the process lives.</summary>
    private static string NameOf(string path)
    {
        var file = Path.GetFileName(path);
        try
        {
            var context = KubeconfigFile.Read(path).CurrentContext;
            return string.IsNullOrEmpty(context) ? file : $"{file}:{context}";
        }
#pragma warning disable CA1031 // Only the name; the connection tells what is wrong with the file.
        catch (Exception)
#pragma warning restore CA1031
        {
            return file;
        }
    }
}
