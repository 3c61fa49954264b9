using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Printer columns of the custom resources that are there from the start, read from the embedded <c>columns.json</c> (name, type and path each).</summary>
internal static class StandardColumns
{
    private static readonly Lazy<Dictionary<string, string[][]>> Columns = new(Read);

    /// <summary>The <c>additionalPrinterColumns</c> of a resource such as <c>services.serving.knative.dev</c>; null for none.</summary>
    public static JsonArray? Of(string qualifiedName) => Columns.Value.TryGetValue(qualifiedName, out var columns)
        ? new JsonArray([.. columns.Select(c => new JsonObject { ["name"] = c[0], ["type"] = c[1], ["jsonPath"] = c[2] })])
        : null;

    private static Dictionary<string, string[][]> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Runner.EmbeddedCluster.Tables.columns.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, string[][]>>(stream)!;
    }
}
