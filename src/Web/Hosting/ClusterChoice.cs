namespace Runner.Web.Hosting;

/// <summary>Decides whether the simulated cluster is used: asked for, or nothing real is configured.</summary>
internal static class ClusterChoice
{
    public static bool Embedded(WebOptions web) => web.Cluster switch
    {
        "embedded" => true,
        "" => !InCluster() && !HasKubeconfig(),
        _ => false,
    };

    private static bool InCluster() => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"));

    private static bool HasKubeconfig()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBECONFIG")))
        {
            return true;
        }

        var folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube");
        return Directory.Exists(folder) && Directory.EnumerateFiles(folder, "config*").Any();
    }
}
