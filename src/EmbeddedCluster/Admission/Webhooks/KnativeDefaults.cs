using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Schemas;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>What Knative's mutating webhook makes of its resources: it reads them into its own types, fills in defaults and writes them back.</summary>
internal static class KnativeDefaults
{
    public const string Group = "serving.knative.dev";
    private const string Creator = "serving.knative.dev/creator";
    private const string LastModifier = "serving.knative.dev/lastModifier";

    /// <exception cref="ApiException">400: the object does not fit Knative's types.</exception>
    public static JsonObject Apply(ResourceType type, JsonObject? old, JsonObject json, AdmissionContext context)
    {
        if (RoundTrip(type.Kind, json) is not { } spec)
        {
            return json;
        }

        json["spec"] = spec;
        switch (type.Kind)
        {
            case "Service":
                Template(spec, old is null);
                Traffic(spec);
                break;
            case "Configuration":
                Template(spec, old is null);
                break;
            case "Route":
                Traffic(spec, ownConfiguration: false);
                break;
            case "Revision" when old is null:
                Revision(spec, creating: true);
                break;
        }

        SetUser(type.Kind, old, json, context.UserName);
        return json;
    }

    private static JsonObject? RoundTrip(string kind, JsonObject json)
    {
        if (kind is not ("Service" or "Configuration" or "Route" or "Revision"))
        {
            return null;
        }

        try
        {
            // Wrapped, so that paths in faults begin with "spec".
            var wrapped = new JsonObject { ["spec"] = json["spec"]?.DeepClone() ?? new JsonObject() };
            return (JsonObject)new Decoder().Decode(TypeCatalog.Get($"knativeforms.{kind}"), wrapped)["spec"]!.DeepClone();
        }
        catch (DecodeFault fault)
        {
            throw ApiErrors.BadRequest($"admission webhook \"webhook.serving.knative.dev\" denied the request: mutation failed: cannot decode incoming new object: {fault.Message}");
        }
    }

    private static void Template(JsonObject spec, bool creating) => Revision(spec.Ensure("template").Ensure("spec"), creating);

    private static void Revision(JsonObject spec, bool creating)
    {
        if (spec.Number("timeoutSeconds") is null or 0)
        {
            spec["timeoutSeconds"] = 300;
        }

        spec["containerConcurrency"] ??= 0;
        var containers = spec.Objects("containers").ToList();
        Name(containers, "user-container", spec);
        Name([.. spec.Objects("initContainers")], "init-container", spec);
        var writable = spec.Objects("volumes").Where(v => v["emptyDir"] is not null || v["persistentVolumeClaim"] is not null).Select(v => v.Text("name")).ToHashSet();
        foreach (var container in containers)
        {
            Container(container, containers.Count == 1, writable);
        }

        if (creating && containers.Count > 0)
        {
            spec["enableServiceLinks"] ??= false;
        }
    }

    private static void Name(List<JsonObject> containers, string standard, JsonObject spec)
    {
        var taken = spec.Objects("containers").Concat(spec.Objects("initContainers")).Select(c => c.Text("name")).ToHashSet();
        var next = 0;
        foreach (var container in containers.Where(c => c.Text("name").Length == 0))
        {
            var name = containers.Count == 1 ? standard : $"{standard}-{next}";
            while (!taken.Add(name))
            {
                name = $"{standard}-{++next}";
            }

            next++;
            container["name"] = name;
        }
    }

    private static void Container(JsonObject container, bool alone, HashSet<string> writable)
    {
        foreach (var port in container.Objects("ports"))
        {
            port.Fill("protocol", "TCP");
        }

        if (alone || container["ports"] is JsonArray { Count: > 0 })
        {
            var probe = container.Ensure("readinessProbe");
            if (!((string[])["tcpSocket", "httpGet", "exec", "grpc"]).Any(probe.ContainsKey))
            {
                probe["tcpSocket"] = new JsonObject { ["port"] = 0 };
            }
        }

        if (container.Object("readinessProbe") is { } readiness)
        {
            readiness["successThreshold"] ??= 1;
            if (readiness.Number("periodSeconds") is not (null or 0))
            {
                readiness["failureThreshold"] ??= 3;
                readiness["timeoutSeconds"] ??= 1;
            }
        }

        foreach (var grpc in ((string[])["readinessProbe", "livenessProbe", "startupProbe"]).Select(name => container.Object(name, "grpc")).OfType<JsonObject>())
        {
            grpc["service"] ??= "";
        }

        foreach (var mount in container.Objects("volumeMounts").Where(m => !writable.Contains(m.Text("name"))))
        {
            mount["readOnly"] = true;
        }
    }

    private static void Traffic(JsonObject spec, bool ownConfiguration = true)
    {
        if (ownConfiguration && spec["traffic"] is not JsonArray { Count: > 0 })
        {
            spec["traffic"] = new JsonArray(new JsonObject { ["latestRevision"] = true, ["percent"] = 100 });
        }

        foreach (var target in spec.Objects("traffic"))
        {
            target["latestRevision"] ??= target.Text("revisionName").Length == 0;
            target["percent"] ??= 0;
        }
    }

    private static void SetUser(string kind, JsonObject? old, JsonObject json, string user)
    {
        // Children carry over the annotations of the service they belong to.
        if (kind == "Revision" || (kind != "Service" && json.At("metadata", "ownerReferences") is JsonArray { Count: > 0 }))
        {
            return;
        }

        if (old is null)
        {
            var annotations = json.Ensure("metadata").Ensure("annotations");
            annotations[Creator] = user;
            annotations[LastModifier] = user;
        }
        else if (!Json.Same(old["spec"], json["spec"]))
        {
            json.Ensure("metadata").Ensure("annotations")[LastModifier] = user;
        }
    }
}
