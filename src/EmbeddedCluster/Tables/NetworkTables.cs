using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of services and what belongs to them.</summary>
internal static class NetworkTables
{
    private const int ShownEndpoints = 3;

    public static IEnumerable<KeyValuePair<(string, string), ResourceTable>> All =>
    [
        WorkloadTables.Table("", "Service",
            [
                new("Type", "How the service is reached."), new("Cluster-IP", "Address inside the cluster."), new("External-IP", "Addresses outside the cluster."), new("Port(s)", "Ports it answers on."),
                TableColumn.Age, new("Selector", "Labels of the pods behind it.", Wide: true),
            ],
            (json, now) =>
            [
                json.Text("spec", "type"), Cell.OrNone(json.Text("spec", "clusterIP")), External(json), Cell.OrNone(json.Objects("spec", "ports").Select(Port)), Cell.Age(json, now), Cell.Labels(json.At("spec", "selector")),
            ]),
        WorkloadTables.Table("", "Endpoints", [new("Endpoints", "Addresses behind the service."), TableColumn.Age],
            (json, now) => [Shown([.. json.Objects("subsets").SelectMany(Subset)]), Cell.Age(json, now)]),
        WorkloadTables.Table("discovery.k8s.io", "EndpointSlice",
            [new("AddressType", "Kind of the addresses."), new("Ports", "Ports behind the service."), new("Endpoints", "Addresses behind the service."), TableColumn.Age],
            (json, now) =>
            [
                json.Text("addressType"), json.Objects("ports").Any() ? Shown([.. json.Objects("ports").Select(p => $"{p.Number("port") ?? 0}")]) : "<unset>",
                Shown([.. json.Objects("endpoints").SelectMany(e => e.Texts("addresses"))], "<unset>"), Cell.Age(json, now),
            ]),
        WorkloadTables.Table("networking.k8s.io", "Ingress",
            [new("Class", "Controller that serves it."), new("Hosts", "Hosts it answers for."), new("Address", "Where it is reached."), new("Ports", "Ports it answers on."), TableColumn.Age],
            (json, now) =>
            [
                Cell.OrNone(json.Text("spec", "ingressClassName")), Hosts(json), string.Join(',', json.Objects("status", "loadBalancer", "ingress").Select(Address)),
                json.Objects("spec", "tls").Any() ? "80, 443" : "80", Cell.Age(json, now),
            ]),
        WorkloadTables.Table("networking.k8s.io", "NetworkPolicy", [new("Pod-Selector", "Pods it applies to."), TableColumn.Age],
            (json, now) => [Cell.Selector(json.At("spec", "podSelector")), Cell.Age(json, now)]),
    ];

    private static string External(JsonObject service)
    {
        var own = service.Texts("spec", "externalIPs").ToList();
        switch (service.Text("spec", "type"))
        {
            case "ExternalName":
                return service.Text("spec", "externalName");
            case "LoadBalancer":
                var given = service.Objects("status", "loadBalancer", "ingress").Select(Address).Concat(own).ToList();
                return given.Count == 0 ? "<pending>" : string.Join(',', given);
            default:
                return Cell.OrNone(own);
        }
    }

    private static string Address(JsonObject ingress) => ingress.Text("ip") is { Length: > 0 } ip ? ip : ingress.Text("hostname");

    private static string Port(JsonObject port)
    {
        var node = port.Number("nodePort") is { } number and not 0 ? $":{number}" : "";
        return $"{port.Number("port")}{node}/{port.Text("protocol")}";
    }

    private static IEnumerable<string> Subset(JsonObject subset)
    {
        var ports = subset.Objects("ports").ToList();
        return subset.Objects("addresses").SelectMany(a => ports.Count == 0 ? [a.Text("ip")] : ports.Select(p => $"{a.Text("ip")}:{p.Number("port")}"));
    }

    private static string Shown(List<string> all, string none = Cell.None) =>
        all.Count == 0 ? none : all.Count <= ShownEndpoints ? string.Join(',', all) : $"{string.Join(',', all.Take(ShownEndpoints))} + {all.Count - ShownEndpoints} more...";

    private static string Hosts(JsonObject ingress)
    {
        var hosts = ingress.Objects("spec", "rules").Select(r => r.Text("host")).Where(h => h.Length > 0).ToList();
        return hosts.Count == 0 ? "*" : string.Join(',', hosts);
    }
}
