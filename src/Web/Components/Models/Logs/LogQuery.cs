using System.Collections.Specialized;
using System.Globalization;
using System.Web;
using Runner.Engine;
using Runner.Engine.Workloads;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Live.Logs;

namespace Runner.Web.Components.Models.Logs;

/// <summary>What of which logs is shown, exactly as it stands in the URL.</summary>
public sealed record LogQuery
{
    private const int MostNamed = 200;

    public LogSelection Selection { get; init; } = new();

    /// <summary>How far back, as <see cref="LogSince"/> reads it; empty for the last lines of each log.</summary>
    public string Since { get; init; } = "";

    /// <summary>The containers' previous run instead of the current one.</summary>
    public bool Previous { get; init; }

    public string Filter { get; init; } = "";

    /// <summary>Whether <see cref="Filter"/> is a regular expression.</summary>
    public bool Expression { get; init; }

    public bool Times { get; init; }

    public bool Wrap { get; init; }

    /// <summary>Every line that is a JSON object is unfolded.</summary>
    public bool Unfold { get; init; }

    /// <summary>The line that is looked for and marked.</summary>
    public LogLineReference? Line { get; init; }

    /// <summary>The one workload that everything chosen belongs to; null where there are several or a selector.</summary>
    public WorkloadKey? OnlyWorkload
    {
        get
        {
            var keys = Selection.Workloads.Concat(Selection.Pods.Select(pod => pod.Workload)).Distinct().Take(2).ToList();
            return keys.Count == 1 && Selection.Labels.Length == 0 ? keys[0] : null;
        }
    }

    /// <summary>The address of this view.</summary>
    public string Address => Selection is { Workloads: [var only], Pods.Count: 0, Labels.Length: 0 }
        ? WorkloadAddress.Logs(only, Join(Options()))
        : "logs" + Join([.. Sources(), .. Options()]);

    /// <summary>The address of a file with the same logs.</summary>
    public string Download => "api/console/logs" + Join([.. Sources(), .. Options()]);

    /// <param name="key">The workload that the path of the address names.</param>
    /// <param name="query">Query part of the address; what cannot be read of it is left out.</param>
    public static LogQuery Parse(WorkloadKey? key, string query)
    {
        var values = HttpUtility.ParseQueryString(query);
        var pods = (values.GetValues("pod") ?? []).Take(MostNamed).Select(text => Pod(key, text)).OfType<PodReference>().Distinct().ToEquatableList();
        var named = (values.GetValues("workload") ?? []).Take(MostNamed).Select(WorkloadReference.Read).OfType<WorkloadKey>();
        return new()
        {
            Selection = new()
            {
                // With pods of it named, a workload in the path only says whose they are.
                Workloads = (key is { } path && pods.Count == 0 ? named.Prepend(path) : named).Distinct().ToEquatableList(),
                Pods = pods,
                Labels = values["labels"] ?? "",
                Container = values["container"] ?? "",
            },
            Since = LogSince.TryRead(values["since"], out var since) && !since.IsEmpty ? values["since"]! : "",
            Previous = Is(values, "previous"),
            Filter = values["filter"] ?? "",
            Expression = Is(values, "regex"),
            Times = Is(values, "times"),
            Wrap = Is(values, "wrap"),
            Unfold = Is(values, "json"),
            Line = LogLineReference.Read(values["line"]),
        };
    }

    /// <summary>The same view from a moment just before the line on, with the line marked.</summary>
    public LogQuery At(LogLineReference line) => this with
    {
        // Whole seconds are what the API server knows.
        Since = line.Time.AddSeconds(-2).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        Line = line,
    };

    private static bool Is(NameValueCollection values, string name) => values[name] == "1";

    private static PodReference? Pod(WorkloadKey? key, string text) =>
        key is { } workload && !text.Contains('/', StringComparison.Ordinal) && text.Length > 0 ? new PodReference(workload, text) : PodReference.Read(text);

    private static string Join(List<string> parts) => parts.Count == 0 ? "" : "?" + string.Join('&', parts);

    private IEnumerable<string> Sources() =>
    [
        .. Selection.Workloads.Select(key => $"workload={Text(WorkloadReference.Write(key))}"),
        .. Selection.Pods.Select(pod => $"pod={Text(pod.ToString())}"),
        .. Selection.Labels.Length > 0 ? [$"labels={Text(Selection.Labels)}"] : Array.Empty<string>(),
    ];

    private List<string> Options()
    {
        var parts = new List<string>();
        Add("container", Selection.Container);
        Add("since", Since);
        Add("previous", Previous ? "1" : "");
        Add("filter", Filter);
        Add("regex", Expression ? "1" : "");
        Add("times", Times ? "1" : "");
        Add("wrap", Wrap ? "1" : "");
        Add("json", Unfold ? "1" : "");
        Add("line", Line?.ToString() ?? "");
        return parts;

        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                parts.Add($"{name}={Text(value)}");
            }
        }
    }

    private static string Text(string value) => Uri.EscapeDataString(value).Replace("%2F", "/", StringComparison.Ordinal);
}
