using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>One task of a dataflow job as the hub reads it.</summary>
internal sealed record DagTaskData(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("start_time")] string StartTime,
    [property: JsonPropertyName("end_time")] string EndTime)
{
    /// <summary>The JSON text <c>{id: {name, status, start_time, end_time}}</c>; empty for no task.</summary>
    /// <param name="now">Stands for the end of a task that has ended at a time nobody knows.</param>
    public static string ToText(IEnumerable<DagTask> tasks, DateTimeOffset now)
    {
        var data = tasks.ToDictionary(task => task.Id, task => new DagTaskData(
            task.Name, task.Status, Text(task.StartTime), WorkflowPhases.IsFinished(task.Status) ? Text(task.EndTime ?? now) : ""));
        return data.Count == 0 ? "" : JsonSerializer.Serialize(data, DagTaskJson.Default.DictionaryStringDagTaskData);
    }

    // Without a zone, as people of the configured one read it.
    private static string Text(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "";
}

[JsonSerializable(typeof(Dictionary<string, DagTaskData>))]
internal sealed partial class DagTaskJson : JsonSerializerContext;
