using System.Collections.Concurrent;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Dataflow;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Workflows, dataflow jobs and image builds, carried by Argo Workflows of the workload namespace and of the one with the quota. The label
/// <c>workflow-scope</c> tells the kinds apart; Workflows without it are others' business.
/// </summary>
internal sealed class ArgoSource : WorkloadSource
{
    private readonly ClusterConnection _connection;
    private readonly ResourceCache<V1Pod> _pods;
    private readonly RunnerOptions _options;
    private readonly NotedWorkloads _noted;
    private readonly Dictionary<string, ResourceCache<ArgoWorkflow>> _workflows;

    /// <summary>Why jobs failed, by their uids.</summary>
    private readonly ConcurrentDictionary<string, Failure> _failures = new(StringComparer.Ordinal);

    /// <param name="notes">Null where nothing is replaced.</param>
    public ArgoSource(ResourceCaches caches, ResourceCache<V1Pod> pods, ReplacementNotes? notes, RunnerOptions options)
        : base("workflows", [.. ArgoScopes.Kinds])
    {
        _noted = new(notes, caches.Connection, WorkloadKind.ImageBuild, options.WorkloadNamespace, Tell);
        _connection = caches.Connection;
        _pods = pods;
        _options = options;
        ResourceCache<ArgoWorkflow> CacheOf(string @namespace) => caches.Of<ArgoWorkflow>(
            new(ArgoNames.Group, ArgoNames.Version, ArgoNames.Plural, @namespace) { KeepJson = true, LabelSelector = ArgoScopes.Selector });

        _workflows = new() { [options.WorkloadNamespace] = Needs(CacheOf(options.WorkloadNamespace), KeyOf) };
        if (options.QuotaNamespace != options.WorkloadNamespace)
        {
            // A runner without rights there runs nothing there; the rest goes on.
            _workflows[options.QuotaNamespace] = Uses(CacheOf(options.QuotaNamespace), KeyOf);
        }

        foreach (var cache in _workflows.Values)
        {
            cache.Changed += (before, after) => Forget(before, after);
            cache.StatusChanged += ForgetGone;
        }
    }

    public override IReadOnlyList<UnseenWorkloads> Unseen => [.. _workflows.Where(there => IsHidden(there.Value)).Select(there => new UnseenWorkloads(there.Key))];

    public override IEnumerable<WorkloadKey> Keys() => _workflows.Values.SelectMany(cache => cache.All()).Select(KeyOf).OfType<WorkloadKey>().Union(_noted.Keys());

    public override WorkloadKey? KeyOf(V1Pod pod) =>
        PodOwners.Of(pod) is { Carrier: PodOwners.Workflow } owner && Find(pod.Metadata.NamespaceProperty ?? "", owner.Name) is { } workflow ? KeyOf(workflow) : null;

    public override Workload? Project(WorkloadKey key)
    {
        var workflow = WorkflowOf(key);
        if (workflow is null or { Metadata.DeletionTimestamp: not null } && _noted.Project(key) is { } coming)
        {
            return coming;
        }

        if (workflow is null)
        {
            return null;
        }

        _noted.HasCome(key, workflow.Metadata.Uid ?? "");
        var failure = _failures.GetValueOrDefault(workflow.Metadata.Uid ?? "")?.Reason;
        if (failure is null && WorkflowOf(key)?.Metadata.Uid != workflow.Metadata.Uid)
        {
            // It went just now, and what is known of its failure with it: told without that, it would be told as less than it was.
            return Project(key);
        }

        var pods = _pods.OwnedBy(PodOwners.Text(key.Namespace, PodOwners.Workflow, key.Name));
        var view = new JobView(key, _connection.Status.ClusterId ?? "", workflow, pods, failure, _options.TimeZone);
        return ArgoScopes.Project(view);
    }

    public override byte[]? JsonOf(WorkloadKey key) => _workflows.GetValueOrDefault(key.Namespace)?.JsonOf(key.Namespace, key.Name);

    /// <summary>Adds why a job failed, beyond what its objects say: the end of its log. Of one that no list has shown yet it is known as soon as one does.</summary>
    public void Explain(WorkloadKey key, string uid, string reason)
    {
        var failure = new Failure(key, reason);
        _failures[uid] = failure;
        if (IsGone(uid, failure))
        {
            // It went while its log was read, and nobody will say so again.
            _failures.TryRemove(uid, out _);
        }

        Tell(key);
    }

    /// <summary>The object of a workload as it was seen last; null when it is gone.</summary>
    public ArgoWorkflow? WorkflowOf(WorkloadKey key) => Find(key.Namespace, key.Name) is { } workflow && KeyOf(workflow) == key ? workflow : null;

    private ArgoWorkflow? Find(string @namespace, string name) => _workflows.GetValueOrDefault(@namespace)?.Find(@namespace, name);

    private WorkloadKey? KeyOf(ArgoWorkflow workflow) =>
        workflow.GetLabel(ArgoNames.ScopeLabel) is { } scope && ArgoScopes.KindOf(scope) is { } kind
            ? new(_connection.Name, kind, workflow.Metadata.NamespaceProperty ?? "", workflow.Metadata.Name)
            : null;

    private void Forget(ArgoWorkflow? before, ArgoWorkflow? after)
    {
        if (before?.Metadata.Uid is { } uid && uid != after?.Metadata.Uid)
        {
            _failures.TryRemove(uid, out _);
        }
    }

    /// <summary>What was explained before the first list, and is not in it.</summary>
    private void ForgetGone()
    {
        foreach (var (uid, _) in _failures.Where(known => IsGone(known.Key, known.Value)))
        {
            _failures.TryRemove(uid, out _);
        }
    }

    /// <summary>Whether it can be said that a job is not there, or another one of its name.</summary>
    private bool IsGone(string uid, Failure failure) => WorkflowOf(failure.Job)?.Metadata.Uid != uid && _workflows.GetValueOrDefault(failure.Job.Namespace) is not { ListedAt: long.MinValue };

    private sealed record Failure(WorkloadKey Job, string Reason);
}

/// <summary>Values of the label <c>workflow-scope</c>.</summary>
internal static class ArgoScopes
{
    private static readonly Dictionary<string, WorkloadKind> ByScope = new(StringComparer.Ordinal)
    {
        [WorkflowNames.Scope] = WorkloadKind.Workflow,
        [DataflowNames.Scope] = WorkloadKind.Dataflow,
        [ImageBuildNames.Scope] = WorkloadKind.ImageBuild,
    };

    public static IEnumerable<WorkloadKind> Kinds => ByScope.Values;

    /// <summary>Workflows of all scopes, in the API's syntax.</summary>
    public static string Selector { get; } = $"{ArgoNames.ScopeLabel} in ({string.Join(',', ByScope.Keys)})";

    /// <summary>Turns a Workflow into the workload it carries.</summary>
    public static Workload Project(JobView view) => view.Key.Kind switch
    {
        WorkloadKind.Dataflow => DataflowProjection.Project(view),
        WorkloadKind.ImageBuild => ImageBuildProjection.Project(view),
        _ => WorkflowProjection.Project(view),
    };

    public static WorkloadKind? KindOf(string scope) => ByScope.TryGetValue(scope, out var kind) ? kind : null;
}
