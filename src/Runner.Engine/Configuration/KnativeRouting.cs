namespace Runner.Engine.Configuration;

/// <summary>How a cluster's Knative leads requests to workloads.</summary>
/// <param name="IngressClass">Who carries it out: <c>kourier.ingress.networking.knative.dev</c>, for one.</param>
/// <param name="Domain">Under which services have hosts: <c>name.namespace.domain</c>.</param>
internal sealed record KnativeRouting(string IngressClass, string Domain)
{
    /// <summary>What Serving uses where nothing is configured.</summary>
    private const string DefaultClass = "istio.ingress.networking.knative.dev";

    /// <summary>A domain that no ingress serves to the outside.</summary>
    private const string ClusterLocal = "svc.cluster.local";

    /// <summary>Reads <c>config-network</c> and <c>config-domain</c>; null where no domain holds for every service, or it is that of the cluster alone.</summary>
    /// <param name="network">Data of the first; null where it does not exist or may not be read.</param>
    /// <param name="domains">
    /// Data of the second: each key a domain, each value a selector of services in YAML, empty for all. Keys that begin with an underscore are examples.
    /// </param>
    public static KnativeRouting? Read(IDictionary<string, string>? network, IDictionary<string, string>? domains)
    {
        var domain = domains?.Where(entry => !entry.Key.StartsWith('_') && string.IsNullOrWhiteSpace(entry.Value)).Select(entry => entry.Key).Order(StringComparer.Ordinal).FirstOrDefault();
        return domain is null or ClusterLocal ? null : new(ClassOf(network) is { Length: > 0 } named ? named : DefaultClass, domain);
    }

    /// <summary>The ingress class of <c>config-network</c>, which had another name once; empty for none.</summary>
    public static string ClassOf(IDictionary<string, string>? network) =>
        network is not null && (network.TryGetValue("ingress-class", out var named) || network.TryGetValue("ingress.class", out named)) ? named ?? "" : "";
}
