using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Selectors;

/// <summary>A field selector of a query: <c>metadata.name=x,status.phase!=Failed</c>. Which fields there are depends on the resource.</summary>
internal sealed class FieldSelector
{
    private static readonly FrozenDictionary<string, string[]> Fields = new Dictionary<string, string[]>
    {
        ["pods"] = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"],
        ["nodes"] = ["spec.unschedulable"],
        ["namespaces"] = ["status.phase", "name"],
        ["secrets"] = ["type"],
        ["services"] = ["spec.clusterIP", "spec.type"],
        ["replicationcontrollers"] = ["status.replicas"],
        ["replicasets.apps"] = ["status.replicas"],
        ["jobs.batch"] = ["status.successful"],
        ["certificatesigningrequests.certificates.k8s.io"] = ["spec.signerName"],
        ["events"] = ["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"],
        ["events.events.k8s.io"] = ["regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type"],
    }.ToFrozenDictionary();

    private readonly (string Field, bool Equal, string Value)[] _terms;

    private FieldSelector((string, bool, string)[] terms) => _terms = terms;

    public bool IsEmpty => _terms.Length == 0;

    /// <summary>Value of <c>metadata.name=</c>, which narrows a watch to one object; null without one.</summary>
    public string? Name => Exact("metadata.name");

    /// <summary>Value of <c>metadata.namespace=</c>; null without one.</summary>
    public string? Namespace => Exact("metadata.namespace");

    public bool Matches(JsonObject json) => _terms.All(t => (Value(json, t.Field) == t.Value) == t.Equal);

    /// <exception cref="ApiException">400 in the API server's words.</exception>
    public static FieldSelector Parse(ResourceType type, string? text)
    {
        var terms = new List<(string, bool, string)>();
        foreach (var term in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = term.IndexOfAny(['=', '!']);
            var length = at < 0 ? 0 : term.AsSpan(at) switch { ['!', '=', ..] or ['=', '=', ..] => 2, ['=', ..] => 1, _ => 0 };
            if (length == 0)
            {
                throw ApiErrors.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            }

            var field = term[..at];
            Check(type, field);
            terms.Add((field, term[at] != '!', term[(at + length)..]));
        }

        return new FieldSelector([.. terms]);
    }

    private static void Check(ResourceType type, string field)
    {
        var known = Fields.GetValueOrDefault(type.QualifiedName);
        if (field is "metadata.name" || (field is "metadata.namespace" && type.Namespaced) || known?.Contains(field) == true)
        {
            return;
        }

        // Resources with fields of their own have their own words; so have custom resources.
        throw ApiErrors.BadRequest(known is not null || type.Custom
            ? $"field label not supported: {field}"
            : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }

    private string? Exact(string field) => _terms.Where(t => t.Equal && t.Field == field).Select(t => t.Value).FirstOrDefault();

    private static string Value(JsonObject json, string field)
    {
        JsonNode? node = json;
        foreach (var part in Path(field).Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        return node switch
        {
            null => field is "spec.unschedulable" or "spec.hostNetwork" ? "false" : field is "status.replicas" or "status.successful" ? "0" : "",
            JsonValue value when value.GetValueKind() == JsonValueKind.String => (string?)value ?? "",
            _ => node.ToJsonString(),
        };
    }

    private static string Path(string field) => field switch
    {
        "name" => "metadata.name",
        "source" => "source.component",
        "status.successful" => "status.succeeded",
        "reportingController" => "reportingComponent",
        _ when field.StartsWith("regarding.", StringComparison.Ordinal) => "involvedObject." + field["regarding.".Length..],
        _ => field,
    };
}
