using System.Text.Json;
using Runner.Engine.Clusters.Api;

namespace Runner.Engine.Workloads.Containers;

/// <summary>
/// Reads what containers were asked to be from the object that carries a workload, whatever its kind: a pod specification is known by its
/// <c>containers</c>, an Argo template by its one <c>container</c>. Pure. Whatever looks secret is masked here, so that no page can show it.
/// </summary>
internal static class ContainerSpecs
{
    /// <param name="json">The object as the API server sent it.</param>
    public static IReadOnlyList<WorkloadContainerSpec> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var found = new List<WorkloadContainerSpec>();
        if (document.RootElement.TryGetProperty("spec", out var spec))
        {
            Walk(spec, "", found);
        }

        return found;
    }

    private static void Walk(JsonElement element, string part, List<WorkloadContainerSpec> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Walk(item, item.ValueKind == JsonValueKind.Object && Text(item, "name") is { Length: > 0 } name ? name : part, found);
            }
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "initContainers" or "containers" when property.Value.ValueKind == JsonValueKind.Array:
                    found.AddRange(property.Value.EnumerateArray().Select(container => Container(container, part, property.NameEquals("initContainers"))));
                    break;
                case "container" when property.Value.ValueKind == JsonValueKind.Object:
                    found.Add(Container(property.Value, part, isInit: false));
                    break;
                case "leaderTemplate":
                    Walk(property.Value, "leader", found);
                    break;
                case "workerTemplate":
                    Walk(property.Value, "worker", found);
                    break;
                default:
                    Walk(property.Value, part, found);
                    break;
            }
        }
    }

    private static WorkloadContainerSpec Container(JsonElement container, string part, bool isInit)
    {
        var resources = Object(container, "resources");
        var (requests, limits) = (Quantities(resources, "requests"), Quantities(resources, "limits"));
        var names = requests.Keys.Union(limits.Keys).OrderBy(name => name switch { "cpu" => 0, "memory" => 1, _ => 2 }).ThenBy(name => name, StringComparer.Ordinal);
        var environment = container.TryGetProperty("env", out var env) && env.ValueKind == JsonValueKind.Array ? env.EnumerateArray().Select(Variable) : [];
        return new(
            part,
            Text(container, "name"),
            isInit,
            Text(container, "image"),
            names.Select(name => new ContainerResource(name, requests.GetValueOrDefault(name, ""), limits.GetValueOrDefault(name, ""))).ToEquatableList(),
            environment.ToEquatableList());
    }

    private static ContainerVariable Variable(JsonElement variable)
    {
        var name = Text(variable, "name");
        if (Object(variable, "valueFrom") is { } from)
        {
            return new(name, "", SourceOf(from), Masked: Object(from, "secretKeyRef") is not null);
        }

        var value = Text(variable, "value");
        var shown = Manifest.Shown(name, value);
        return new(name, shown, "", Masked: shown != value);
    }

    private static string SourceOf(JsonElement from) =>
        Object(from, "secretKeyRef") is { } secret ? $"Secret {Text(secret, "name")}/{Text(secret, "key")}"
        : Object(from, "configMapKeyRef") is { } map ? $"ConfigMap {Text(map, "name")}/{Text(map, "key")}"
        : Object(from, "fieldRef") is { } field ? Text(field, "fieldPath")
        : Object(from, "resourceFieldRef") is { } resource ? Text(resource, "resource")
        : "";

    private static Dictionary<string, string> Quantities(JsonElement? resources, string property) =>
        resources is { } known && Object(known, property) is { } quantities
            ? quantities.EnumerateObject().ToDictionary(quantity => quantity.Name, quantity => quantity.Value.ToString())
            : [];

    private static JsonElement? Object(JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string Text(JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(property, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? value.ToString() : "";
}
