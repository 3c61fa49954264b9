using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Runner.Engine.Configuration;

/// <summary>Asks a cluster for the address of its Knative ingress: Kourier's Service, or the Gateway of the Gateway API that Knative routes through.</summary>
internal sealed class KnativeIngress(ClusterConnection cluster, TimeProvider time) : ApiCalls(cluster, time)
{
    private const string Serving = "knative-serving";
    private const string GatewayClass = "gateway-api";

    /// <summary>What net-gateway-api uses where its configuration names nothing.</summary>
    private static readonly ExternalGateway DefaultGateway = new() { Gateway = "istio-system/knative-gateway", Service = "istio-system/istio-ingressgateway" };

    private ApiStatusException? _refusal;

    /// <summary>The address as <c>http://host</c>; empty where there is none. What may not be read counts as not there, while something else is.</summary>
    /// <exception cref="ApiStatusException">None was found, and the API server refused to tell of something.</exception>
    public async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        _refusal = null;
        var network = await ConfigMapAsync("config-network", cancellationToken).ConfigureAwait(false);
        var gatewayFirst = KnativeRouting.ClassOf(network?.Data).Contains(GatewayClass, StringComparison.Ordinal);
        var first = gatewayFirst ? await GatewayAsync(cancellationToken).ConfigureAwait(false) : await KourierAsync(cancellationToken).ConfigureAwait(false);
        var host = first.Length > 0 ? first
            : gatewayFirst ? await KourierAsync(cancellationToken).ConfigureAwait(false)
            : await GatewayAsync(cancellationToken).ConfigureAwait(false);
        if (host.Length == 0)
        {
            return _refusal is null ? "" : throw _refusal;
        }

        return $"http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}";
    }

    /// <summary>How requests are led to workloads; null where Knative leads none from outside, or where that may not be read.</summary>
    public async Task<KnativeRouting?> RoutingAsync(CancellationToken cancellationToken)
    {
        var domains = await ConfigMapAsync("config-domain", cancellationToken).ConfigureAwait(false);
        return domains is null ? null : KnativeRouting.Read((await ConfigMapAsync("config-network", cancellationToken).ConfigureAwait(false))?.Data, domains.Data);
    }

    private async Task<string> KourierAsync(CancellationToken cancellationToken)
    {
        foreach (var place in (string[])[Serving, "kourier-system"])
        {
            var host = await ServiceAsync(place, "kourier", cancellationToken).ConfigureAwait(false);
            if (host.Length > 0)
            {
                return host;
            }
        }

        return "";
    }

    private async Task<string> GatewayAsync(CancellationToken cancellationToken)
    {
        if (await ConfigMapAsync("config-gateway", cancellationToken).ConfigureAwait(false) is not { } configuration)
        {
            return "";
        }

        var external = ReadGateways(configuration.Data?.TryGetValue("external-gateways", out var text) == true ? text : null).FirstOrDefault() ?? DefaultGateway;
        if (Split(external.Gateway) is { } gateway)
        {
            var address = await AddressOfAsync(gateway.Namespace, gateway.Name, cancellationToken).ConfigureAwait(false);
            if (address.Length > 0)
            {
                return address;
            }
        }

        return Split(external.Service) is { } service ? await ServiceAsync(service.Namespace, service.Name, cancellationToken).ConfigureAwait(false) : "";
    }

    /// <summary>What the Gateway itself says, else the Service that its controller made for it.</summary>
    private async Task<string> AddressOfAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        var gateway = await UnlessHiddenAsync(
            async (client, token) =>
                (object)await client.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>("gateway.networking.k8s.io", "v1", @namespace, "gateways", name, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        if (gateway is JsonElement found && found.TryGetProperty("status", out var status) && status.TryGetProperty("addresses", out var addresses) && addresses.ValueKind == JsonValueKind.Array)
        {
            foreach (var address in addresses.EnumerateArray())
            {
                if (address.TryGetProperty("value", out var value) && value.GetString() is { Length: > 0 } host)
                {
                    return host;
                }
            }
        }

        // Envoy Gateway's Services stand in a namespace of their own.
        var services = await UnlessHiddenAsync(
            (client, token) => client.CoreV1.ListServiceForAllNamespacesAsync(
                labelSelector: $"gateway.envoyproxy.io/owning-gateway-name={name},gateway.envoyproxy.io/owning-gateway-namespace={@namespace}", cancellationToken: token),
            cancellationToken).ConfigureAwait(false);
        return services?.Items.Select(HostOf).FirstOrDefault(host => host.Length > 0) ?? "";
    }

    private async Task<string> ServiceAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        await UnlessHiddenAsync((client, token) => client.CoreV1.ReadNamespacedServiceAsync(name, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false) is { } service
            ? HostOf(service)
            : "";

    private Task<V1ConfigMap?> ConfigMapAsync(string name, CancellationToken cancellationToken) =>
        UnlessHiddenAsync((client, token) => client.CoreV1.ReadNamespacedConfigMapAsync(name, Serving, cancellationToken: token), cancellationToken);

    /// <returns>Null when it does not exist or may not be seen.</returns>
    private async Task<T?> UnlessHiddenAsync<T>(Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await UnlessMissingAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException refusal) when (refusal.Code == 403)
        {
            _refusal = refusal;
            return null;
        }
    }

    private static string HostOf(V1Service service)
    {
        var outside = service.Status?.LoadBalancer?.Ingress?.Select(ingress => string.IsNullOrEmpty(ingress.Ip) ? ingress.Hostname : ingress.Ip).FirstOrDefault(host => !string.IsNullOrEmpty(host));
        return outside ?? (service.Spec?.ClusterIP is { Length: > 0 } inside and not "None" ? inside : "");
    }

    private static (string Namespace, string Name)? Split(string? path) =>
        path?.Split('/') is [{ Length: > 0 } @namespace, { Length: > 0 } name] ? (@namespace, name) : null;

    /// <summary>Reads <c>- class: …\n  gateway: namespace/name\n  service: namespace/name</c>; empty where it is not such a list.</summary>
    private static List<ExternalGateway> ReadGateways(string? yaml)
    {
        try
        {
            return string.IsNullOrWhiteSpace(yaml) ? [] : new DeserializerBuilder().IgnoreUnmatchedProperties().Build().Deserialize<List<ExternalGateway>?>(yaml) ?? [];
        }
        catch (YamlException)
        {
            return [];
        }
    }

    private sealed class ExternalGateway
    {
        [YamlMember(Alias = "gateway")]
        public string? Gateway { get; set; }

        [YamlMember(Alias = "service")]
        public string? Service { get; set; }
    }
}
