using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>What Knative's validating webhook refuses and warns of.</summary>
internal static class KnativeValidation
{
    private const string Webhook = "validation.webhook.serving.knative.dev";
    private const string Insecure = "Kubernetes default value is insecure, Knative may default this to secure in a future release: ";

    /// <param name="warnings">Receives the warning about insecure defaults.</param>
    /// <exception cref="ApiException">400 with all faults.</exception>
    public static void Check(ResourceType type, JsonObject? old, JsonObject json, List<string> warnings)
    {
        if (type.Kind is not ("Service" or "Configuration" or "Route" or "Revision"))
        {
            return;
        }

        var spec = json.Object("spec") ?? [];
        var path = type.Kind == "Revision" ? "spec" : "spec.template.spec";
        var pod = type.Kind == "Revision" ? spec : spec.Object("template", "spec");
        var faults = Faults(type, old, json, spec, pod);
        if (pod is not null && InsecureDefaults(pod, path) is { Count: > 0 } fields)
        {
            warnings.Add(Insecure + string.Join(", ", fields));
        }

        if (faults.Any)
        {
            throw ApiErrors.BadRequest($"admission webhook \"{Webhook}\" denied the request: validation failed: {faults}");
        }
    }

    private static KnativeFaults Faults(ResourceType type, JsonObject? old, JsonObject json, JsonObject spec, JsonObject? pod)
    {
        var faults = new KnativeFaults();
        var name = json.Text("metadata", "name");
        foreach (var fault in type.Kind == "Revision" ? Names.DnsSubdomain(name) : Names.Dns1035Label(name))
        {
            faults.Add($"not a DNS 1035 label: [{fault}]", "", "metadata.name");
        }

        if (type.Kind == "Revision")
        {
            Revision(old, spec, faults);
            return faults;
        }

        foreach (var (key, _) in json.Map("metadata", "annotations").Where(a => a.Key.StartsWith("autoscaling.knative.dev", StringComparison.Ordinal)))
        {
            faults.Add($"invalid key name \"{key}\"", "autoscaling annotations must be put under \"spec.template.metadata.annotations\" to work", "metadata.annotations");
        }

        KnativeAnnotations.Duration("rollout-duration", "serving.knative.dev/rollout-duration", json.Object("metadata", "annotations"), "metadata.annotations", faults);
        if (type.Kind != "Route")
        {
            Template(name, spec.Object("template"), faults);
            if (pod is not null)
            {
                KnativePodValidation.Check(pod, "spec.template.spec", faults);
            }
        }

        if (type.Kind != "Configuration")
        {
            Traffic(spec, type.Kind == "Service", faults);
        }

        if (old is not null && (type.Kind == "Service" || json.At("metadata", "ownerReferences") is null))
        {
            Unchanged(old, json, faults);
        }

        return faults;
    }

    private static void Revision(JsonObject? old, JsonObject spec, KnativeFaults faults)
    {
        if (old is null)
        {
            KnativePodValidation.Check(spec, "spec", faults);
        }
        else if (!Json.Same(old["spec"], spec))
        {
            faults.Add("Immutable fields changed (-old +new)", "", "spec");
        }
    }

    private static void Template(string parent, JsonObject? template, KnativeFaults faults)
    {
        KnativeAnnotations.Check(template.Object("metadata", "annotations"), "spec.template.metadata.annotations", faults);
        const string field = "spec.template.metadata.name";
        if (template.Text("metadata", "name") is not { Length: > 0 } name)
        {
            return;
        }

        var wrong = Names.Dns1035Label(name).ToList();
        if (wrong.Count > 0)
        {
            faults.Invalid($"not a DNS 1035 label: [{string.Join(' ', wrong)}]", field);
        }
        else if (!name.StartsWith(parent + "-", StringComparison.Ordinal))
        {
            faults.Invalid($"\"{name}\" must have prefix \"{parent}-\"", field);
        }
    }

    private static void Traffic(JsonObject spec, bool ownConfiguration, KnativeFaults faults)
    {
        var sum = 0L;
        var tags = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (index, target) in spec.Objects("traffic").Index())
        {
            var path = $"spec.traffic[{index}]";
            var percent = target.Number("percent") ?? 0;
            sum += percent;
            Target(target, path, ownConfiguration, faults);
            if (percent is < 0 or > 100)
            {
                faults.OutOfBounds(percent, 0, 100, $"{path}.percent");
            }

            if (target.Text("tag") is { Length: > 0 } tag && !tags.TryAdd(tag, index))
            {
                faults.Add($"Multiple definitions for \"{tag}\"", "", $"{path}.tag", $"spec.traffic[{tags[tag]}].tag");
            }
        }

        if (sum != 100)
        {
            faults.Add($"Traffic targets sum to {sum}, want 100", "", "spec.traffic");
        }
    }

    private static void Target(JsonObject target, string path, bool ownConfiguration, KnativeFaults faults)
    {
        var (revision, configuration) = (target.Text("revisionName"), target.Text("configurationName"));
        var latest = target.Flag("latestRevision");
        if (target["latestRevision"] is not null && (revision.Length > 0) == latest)
        {
            faults.Add($"may not set revisionName \"{revision}\" when latestRevision is {(latest ? "true" : "false")}", "", $"{path}.latestRevision");
        }

        if (ownConfiguration && configuration.Length > 0)
        {
            faults.Disallowed($"{path}.configurationName");
        }
        else if (revision.Length > 0 && configuration.Length > 0)
        {
            faults.Add("expected exactly one, got both", "", $"{path}.revisionName", $"{path}.configurationName");
        }
        else if (!ownConfiguration && revision.Length == 0 && configuration.Length == 0)
        {
            faults.Add("expected exactly one, got neither", "", $"{path}.revisionName", $"{path}.configurationName");
        }

        if (target.Text("url").Length > 0)
        {
            faults.Disallowed($"{path}.url");
        }
    }

    private static void Unchanged(JsonObject old, JsonObject json, KnativeFaults faults)
    {
        var (before, after) = (old.Object("metadata", "annotations"), json.Object("metadata", "annotations"));
        const string creator = "serving.knative.dev/creator";
        const string modifier = "serving.knative.dev/lastModifier";
        if (before.Text(creator) != after.Text(creator))
        {
            faults.Add("annotation value is immutable", "", $"metadata.annotations.{creator}");
        }

        if (Json.Same(old["spec"], json["spec"]) && before.Text(modifier) != after.Text(modifier))
        {
            faults.Invalid(after.Text(modifier), $"metadata.annotations.{modifier}");
        }

        var template = json.Object("spec", "template");
        if (template.Text("metadata", "name") is { Length: > 0 } name && name == old.At("spec", "template").Text("metadata", "name") && !Json.Same(old.At("spec", "template"), template))
        {
            faults.Add("Saw the following changes without a name change (-old +new)", "", "spec.template.metadata.name");
        }
    }

    private static List<string> InsecureDefaults(JsonObject pod, string path)
    {
        var fields = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var list in (string[])["containers", "initContainers"])
        {
            foreach (var (index, container) in pod.Objects(list).Index())
            {
                var security = container.Object("securityContext");
                var at = $"{path}.{list}[{index}].securityContext";
                Warn(security?["allowPrivilegeEscalation"] is null, "allowPrivilegeEscalation");
                Warn(security?["capabilities"] is null, "capabilities");
                Warn(security?["runAsNonRoot"] is null && pod.At("securityContext", "runAsNonRoot") is null, "runAsNonRoot");
                Warn(security?["seccompProfile"] is null && pod.At("securityContext", "seccompProfile") is null, "seccompProfile");

                void Warn(bool unset, string field)
                {
                    if (unset)
                    {
                        fields.Add($"{at}.{field}");
                    }
                }
            }
        }

        return [.. fields];
    }
}
