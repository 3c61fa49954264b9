using System.Globalization;
using k8s.Models;

namespace Runner.Engine.Capacity.Fit;

/// <summary>What stands in a pod's way on a node, in the order in which the scheduler looks.</summary>
public enum FitObstacleKind
{
    /// <summary>The node is cordoned.</summary>
    Unschedulable,

    /// <summary>The node has a taint that the pod does not tolerate.</summary>
    Taint,

    /// <summary>The node lacks a label that the pod wants.</summary>
    Selector,

    /// <summary>The node has as many pods as it takes.</summary>
    TooManyPods,

    /// <summary>Too little of a resource is left.</summary>
    Insufficient,

    /// <summary>No shared device has room for a part of the size asked for.</summary>
    NoCard,
}

/// <summary>One thing that stands in a pod's way.</summary>
/// <param name="Subject">The taint, the label or the resource.</param>
/// <param name="Asked">For resources: what the pod asks for, in base units.</param>
/// <param name="Free">For resources: what is left.</param>
/// <param name="Offered">For resources: what the node offers when it is empty.</param>
public sealed record FitObstacle(FitObstacleKind Kind, string Subject, decimal Asked = 0, decimal Free = 0, decimal Offered = 0)
{
    /// <summary>The scheduler's words for it.</summary>
    public string Reason => Kind switch
    {
        FitObstacleKind.Unschedulable => "node(s) were unschedulable",
        FitObstacleKind.Taint => "node(s) had untolerated taint(s)",
        FitObstacleKind.Selector => "node(s) didn't match Pod's node affinity/selector",
        FitObstacleKind.TooManyPods => "Too many pods",
        FitObstacleKind.NoCard => "CardInsufficientMemory",
        _ => $"Insufficient {Subject}",
    };
}

/// <summary>The answer of one node.</summary>
/// <param name="Obstacles">All that stands in the way; empty when the node takes the pod now.</param>
/// <param name="Copies">How many pods like it the node takes now, one after the other; never more than were asked for.</param>
public sealed record NodeFit(NodeCapacity Node, IReadOnlyList<FitObstacle> Obstacles, int Copies)
{
    public bool Fits => Obstacles.Count == 0;

    /// <summary>What the scheduler would say of this node: it names what the first of its filters that refuses found, and nothing of the later ones.</summary>
    public IReadOnlyList<string> Reasons => [.. Obstacles.Where(obstacle => Stage(obstacle) == Stage(Obstacles[0])).Select(obstacle => obstacle.Reason).Distinct()];

    private static int Stage(FitObstacle obstacle) => obstacle.Kind is FitObstacleKind.Insufficient ? (int)FitObstacleKind.TooManyPods : (int)obstacle.Kind;
}

/// <summary>
/// Answers whether nodes take a pod as the cluster's scheduler would: cordon, taints, node selector and affinity, resources with init containers, sidecars and
/// overhead, the limit of pods, room on shared devices. Not looked at, as little as in what the runner makes: affinity between pods, topology spread, volumes and host ports. Pure.
/// </summary>
public static class PodFit
{
    private static readonly NodeTaint Cordon = new("node.kubernetes.io/unschedulable", "", "NoSchedule");

    /// <summary>What each node answers, in the order of the nodes.</summary>
    /// <param name="copies">How many such pods are wanted; at least 1.</param>
    public static IReadOnlyList<NodeFit> Check(V1Pod pod, IEnumerable<NodeCapacity> nodes, int copies = 1)
    {
        var requests = PodRequests.Of(pod);
        return [.. nodes.Select(node => Check(pod.Spec, requests, node, copies))];
    }

    /// <summary>The scheduler's message: <c>0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) were unschedulable.</c></summary>
    public static string Message(IReadOnlyCollection<NodeFit> answers)
    {
        if (answers.Count == 0)
        {
            return "no nodes available to schedule pods";
        }

        var fitting = answers.Count(answer => answer.Fits);
        var head = string.Create(CultureInfo.InvariantCulture, $"{fitting}/{answers.Count} nodes are available");
        var reasons = answers.SelectMany(answer => answer.Reasons).GroupBy(reason => reason).Select(same => $"{same.Count()} {same.Key}").Order(StringComparer.Ordinal).ToList();
        return reasons.Count == 0 ? $"{head}." : $"{head}: {string.Join(", ", reasons)}.";
    }

    private static NodeFit Check(V1PodSpec spec, IReadOnlyDictionary<string, decimal> requests, NodeCapacity node, int copies)
    {
        var obstacles = new List<FitObstacle>();
        if (node.Cordoned && !NodeSelection.Tolerates(spec, Cordon))
        {
            obstacles.Add(new(FitObstacleKind.Unschedulable, node.Name));
        }

        // The cordon has a taint of its own: one of the two is enough to tell.
        obstacles.AddRange(NodeSelection.Untolerated(spec, node).Where(taint => !node.Cordoned || taint.Key != Cordon.Key).Select(taint => new FitObstacle(FitObstacleKind.Taint, taint.ToString())));
        obstacles.AddRange(NodeSelection.Unmet(spec, node).Select(wish => new FitObstacle(FitObstacleKind.Selector, wish)));
        var pods = node.Resources.GetValueOrDefault("pods").Allocatable;
        if (node.Pods.Count + 1 > pods)
        {
            obstacles.Add(new(FitObstacleKind.TooManyPods, "pods", 1, Math.Max(0, pods - node.Pods.Count), pods));
        }

        foreach (var (resource, amount) in requests.Where(request => request.Value > 0 && !CardRoom.OnlyCardsKnow(request.Key)).OrderBy(request => request.Key, StringComparer.Ordinal))
        {
            var figures = node.Resources.GetValueOrDefault(resource);
            if (amount > figures.Allocatable - figures.Requested)
            {
                obstacles.Add(new(FitObstacleKind.Insufficient, resource, amount, figures.Free, figures.Allocatable));
            }
        }

        var cards = node.SharedDevices.Count > 0 ? new CardRoom(node) : null;
        if (cards is not null && !cards.TryPlace(spec))
        {
            obstacles.Add(new(FitObstacleKind.NoCard, node.Accelerator?.Type ?? ""));
        }

        return new(node, obstacles, obstacles.Count > 0 ? 0 : Copies(spec, requests, node, cards, copies));
    }

    // The first one is placed on the cards already.
    private static int Copies(V1PodSpec spec, IReadOnlyDictionary<string, decimal> requests, NodeCapacity node, CardRoom? cards, int wanted)
    {
        var room = node.Resources.GetValueOrDefault("pods").Allocatable - node.Pods.Count;
        foreach (var (resource, amount) in requests.Where(request => request.Value > 0 && !CardRoom.OnlyCardsKnow(request.Key)))
        {
            room = Math.Min(room, decimal.Floor(node.Resources.GetValueOrDefault(resource).Free / amount));
        }

        var most = (int)Math.Min(wanted, room);
        var placed = 1;
        while (placed < most && cards?.TryPlace(spec) != false)
        {
            placed++;
        }

        return placed;
    }
}
