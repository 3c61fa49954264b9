using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>Defaults of services, without addresses and node ports, which are given out once.</summary>
internal static class ServiceDefaults
{
    public static void Apply(JsonObject spec)
    {
        spec.Fill("sessionAffinity", "None");
        spec.Fill("type", "ClusterIP");
        foreach (var port in spec.Objects("ports"))
        {
            port.Fill("protocol", "TCP");
            if (port["targetPort"] is null || port.Number("targetPort") == 0 || (port["targetPort"]!.GetValueKind() == System.Text.Json.JsonValueKind.String && port.Text("targetPort").Length == 0))
            {
                port["targetPort"] = port["port"]?.DeepClone() ?? 0;
            }
        }

        if (spec.Text("sessionAffinity") == "ClientIP")
        {
            spec.Ensure("sessionAffinityConfig").Ensure("clientIP").Fill("timeoutSeconds", 10800);
        }

        var type = spec.Text("type");
        if (type != "ExternalName")
        {
            spec.Fill("internalTrafficPolicy", "Cluster");
        }

        if (type is "NodePort" or "LoadBalancer")
        {
            spec.Fill("externalTrafficPolicy", "Cluster");
        }

        if (type == "LoadBalancer")
        {
            spec.Fill("allocateLoadBalancerNodePorts", true);
        }
    }
}
