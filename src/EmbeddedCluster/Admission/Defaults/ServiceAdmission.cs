using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>Addresses of services: given on create, kept on update.</summary>
internal static class ServiceAdmission
{
    private const string AddressFault = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

    /// <exception cref="ApiException">422: the address asked for is none or belongs to another service.</exception>
    public static void Allocate(JsonObject service, ServiceAddresses addresses)
    {
        var spec = service.Ensure("spec");
        var status = service.Ensure("status");
        status.Ensure("loadBalancer");
        if (spec.Text("type") == "ExternalName")
        {
            return;
        }

        var asked = spec.Text("clusterIP");
        if (asked.Length == 0)
        {
            asked = addresses.Take();
        }
        else if (asked != "None")
        {
            var valid = IPAddress.TryParse(asked, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || asked.Count(c => c == '.') == 3);
            if (!valid || !addresses.Reserve(asked))
            {
                throw Invalid(service, valid
                    ? Fault.Invalid("spec.clusterIPs", new JsonArray(asked), $"failed to allocate IP {asked}: provided IP is already allocated")
                    : Fault.Invalid("spec.clusterIPs[0]", asked, AddressFault));
            }
        }

        spec["clusterIP"] = asked;
        spec["clusterIPs"] = new JsonArray(asked);
        spec["ipFamilies"] ??= new JsonArray("IPv4");
        spec["ipFamilyPolicy"] ??= "SingleStack";
    }

    /// <summary>An update may leave out addresses and node ports; they stay.</summary>
    public static void CarryOver(JsonObject old, JsonObject spec)
    {
        if (spec.Text("type") == "ExternalName")
        {
            return;
        }

        foreach (var name in (string[])["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"])
        {
            if (spec[name] is null && old[name] is { } kept)
            {
                spec[name] = kept.DeepClone();
            }
        }

        // A client that knows only the single field changes only that one; the list follows.
        if (spec.Text("clusterIP") != old.Text("clusterIP") && Json.Same(spec["clusterIPs"], old["clusterIPs"]))
        {
            spec["clusterIPs"] = new JsonArray(spec.Text("clusterIP"));
        }
    }

    private static ApiException Invalid(JsonObject service, StatusCause cause) => ApiErrors.Invalid("", "Service", service.Text("metadata", "name"), cause);
}
