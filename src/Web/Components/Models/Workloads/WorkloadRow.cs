using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Runner.Engine.Workloads;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>One workload as the table shows it. Made once per change and language for all pages, so that filtering and sorting a thousand of them costs next to nothing.</summary>
public sealed record WorkloadRow
{
    /// <summary>By language; each row lives as long as the state it shows.</summary>
    private static readonly ConcurrentDictionary<string, ConditionalWeakTable<Workload, WorkloadRow>> Made = [];

    public required Workload Workload { get; init; }

    public required WorkloadState State { get; init; }

    public required string StateText { get; init; }

    public required string Type { get; init; }

    public required string Owner { get; init; }

    public required string Node { get; init; }

    public required string Accelerator { get; init; }

    /// <summary>Everything the filter looks at, in one text.</summary>
    public required string Haystack { get; init; }

    public WorkloadKey Key => Workload.Key;

    public string Name => Workload.Key.Name;

    public string Replicas => $"{Workload.ActualReplicas}/{Workload.DesiredReplicas}";

    /// <summary>The row of a state of a workload, in the language that is spoken where it is asked for.</summary>
    public static WorkloadRow Of(Workload workload, WorkloadTexts texts) =>
        Made.GetOrAdd(CultureInfo.CurrentUICulture.Name, _ => []).GetValue(workload, made => Make(made, texts));

    private static WorkloadRow Make(Workload workload, WorkloadTexts texts)
    {
        var state = WorkloadState.Of(workload);
        var stateText = texts.State(state);
        var type = texts.Type(workload);
        var owner = WorkloadTexts.Owner(workload);
        var node = WorkloadTexts.Nodes(workload);
        var accelerator = WorkloadTexts.Accelerator(workload);
        return new WorkloadRow
        {
            Workload = workload,
            State = state,
            StateText = stateText,
            Type = type,
            Owner = owner,
            Node = node,
            Accelerator = accelerator,
            Haystack = string.Join('\n', workload.Key.Name, workload.Job?.TaskName, owner, workload.UserId, type, texts.Kind(workload.Key.Kind), stateText, (int)workload.Status, workload.Reason, workload.Message, node, accelerator, workload.Key.Cluster, workload.Key.Namespace, workload.DeployId),
        };
    }

    /// <summary>True when every word of the filter occurs somewhere in the row.</summary>
    public bool Matches(IReadOnlyList<string> words)
    {
        foreach (var word in words)
        {
            if (!Haystack.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }
}
