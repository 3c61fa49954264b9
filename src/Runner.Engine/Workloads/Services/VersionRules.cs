using System.Globalization;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Services;

/// <summary>Codes by which the hub knows why something about versions was refused.</summary>
internal static class VersionCodes
{
    public const string TooManyRevisions = "RUNNER-ERR-0";
    public const string MaxScaleUnreadable = "RUNNER-ERR-1";
    public const string CommitDeployed = "RUNNER-ERR-2";
    public const string RevisionNotReady = "RUNNER-ERR-3";
    public const string ServiceUnknown = "SERVERLESS-ERR-1";
    public const string CommitUnknown = "SERVERLESS-ERR-4";
    public const string PercentInvalid = "SERVERLESS-ERR-5";
    public const string NoOtherRevision = "SERVERLESS-ERR-7";
}

/// <summary>A share of the requests for a version.</summary>
/// <param name="Commit">Commit of the version.</param>
/// <param name="Percent">0 to 100; all shares together are 100.</param>
public sealed record VersionShare(string Commit, long Percent);

/// <summary>A version is what a commit of the model was deployed as: a Knative Revision whose label bears the commit. Pure.</summary>
internal static class VersionRules
{
    private const string RevisionVariable = "REVISION";

    /// <summary>The commit as it is kept in a label.</summary>
    public static string Label(string commit) => Naming.SafeLabelValue(commit);

    /// <summary>The commit that a revision, or the template of the next one, is labelled with; empty for none.</summary>
    public static string CommitOf(V1ObjectMeta? metadata) => metadata?.Labels is { } labels && labels.TryGetValue(HubNames.CommitIdLabel, out var commit) ? commit ?? "" : "";

    public static bool IsDeleted(KnativeRevision revision) => revision.GetAnnotation(KnativeNames.RevisionStateAnnotation) == KnativeNames.RevisionDeleted;

    /// <summary>Revisions that count, oldest first.</summary>
    public static List<KnativeRevision> Live(IEnumerable<KnativeRevision> revisions) =>
        [.. revisions.Where(revision => revision.Metadata.DeletionTimestamp is null && !IsDeleted(revision))
            .OrderBy(revision => revision.Metadata.CreationTimestamp ?? DateTime.MaxValue).ThenBy(revision => revision.Metadata.Name, StringComparer.Ordinal)];

    /// <summary>The revision that serves a commit: its newest ready one, else its newest; null when there is none.</summary>
    public static KnativeRevision? Find(IReadOnlyList<KnativeRevision> live, string commit)
    {
        var label = Label(commit);
        return label.Length == 0 ? null : live.Where(revision => CommitOf(revision.Metadata) == label).OrderBy(IsReady).LastOrDefault();
    }

    public static bool IsReady(KnativeRevision revision) => revision.Status?.Conditions.Find("Ready") is { Status: "True" };

    /// <exception cref="VersionRefusedException">The version cannot be added.</exception>
    public static void CheckNew(KnativeService service, IReadOnlyList<KnativeRevision> live, string commit, int initialTraffic)
    {
        if (Label(commit).Length == 0)
        {
            throw new RequestRefusedException("commit is required: the version of the model to deploy");
        }

        if (initialTraffic is < 0 or > 100)
        {
            throw new VersionRefusedException(VersionCodes.PercentInvalid, $"initial_traffic must be from 0 to 100, but is {initialTraffic}");
        }

        var annotations = service.Spec?.Template?.Metadata?.Annotations;
        if (annotations is null || !annotations.TryGetValue(ServiceChanges.MaxScale, out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var max))
        {
            throw new VersionRefusedException(VersionCodes.MaxScaleUnreadable, $"the service says nowhere how many instances it may have at most (annotation {ServiceChanges.MaxScale})");
        }

        // An update leaves the revision before it in reserve: it is no version of its own.
        var ready = live.Where(IsReady).Select(revision => CommitOf(revision.Metadata)).Distinct().Count();
        if (ready >= max)
        {
            throw new VersionRefusedException(
                VersionCodes.TooManyRevisions, $"the service has {ready} ready versions and may have {max} instances at most; remove a version or allow more instances");
        }

        if (Find(live, commit) is { } known)
        {
            throw new VersionRefusedException(VersionCodes.CommitDeployed, $"commit {commit} is deployed already, as {known.Metadata.Name}");
        }
    }

    /// <summary>Makes the template that of the commit.</summary>
    public static void SetCommit(KnativeService service, string commit) => SetCommit(service.Spec!.Template!, Label(commit), new() { Name = RevisionVariable, Value = commit });

    /// <summary>
    /// The revision that stands in for the newest version when that was removed: a template that still bears the removed commit would bring it back with whatever is changed
    /// next, and nobody's requests would go there.
    /// </summary>
    /// <param name="revisions">All of the service's.</param>
    /// <returns>The newest one that requests go to; null when the template bears the commit of a version that was not removed.</returns>
    public static KnativeRevision? HeirOf(KnativeService service, IReadOnlyList<KnativeRevision> revisions)
    {
        var commit = CommitOf(service.Spec?.Template?.Metadata);
        var live = Live(revisions);
        if (commit.Length == 0 || live.Any(revision => CommitOf(revision.Metadata) == commit) || !revisions.Any(revision => IsDeleted(revision) && CommitOf(revision.Metadata) == commit))
        {
            return null;
        }

        var served = (service.Spec!.Traffic ?? []).Where(target => target.Percent > 0).Select(target => target.RevisionName).ToHashSet(StringComparer.Ordinal);
        return live.LastOrDefault(revision => served.Contains(revision.Metadata.Name)) ?? live.LastOrDefault();
    }

    /// <summary>Makes the template that of the revision's commit, where there is such a revision.</summary>
    /// <returns>True when there is one.</returns>
    public static bool Inherit(KnativeService service, KnativeRevision? heir)
    {
        if (heir is null)
        {
            return false;
        }

        SetCommit(service.Spec!.Template!, CommitOf(heir.Metadata), heir.Spec?.Containers.FirstOrDefault()?.Env?.FirstOrDefault(variable => variable.Name == RevisionVariable));
        return true;
    }

    private static void SetCommit(KnativeRevisionTemplate template, string label, V1EnvVar? revision)
    {
        template.Metadata ??= new();
        (template.Metadata.Labels ??= new Dictionary<string, string>())[HubNames.CommitIdLabel] = label;
        foreach (var container in (template.Spec?.Containers ?? []).Take(1))
        {
            container.Env = [.. (container.Env ?? []).Where(variable => variable.Name != RevisionVariable), .. revision is null ? [] : new[] { revision }];
        }
    }

    /// <summary>The traffic that the shares ask for.</summary>
    /// <exception cref="VersionRefusedException">A share is out of range, of an unknown commit or of one that is not ready, or the sum is not 100.</exception>
    public static IList<KnativeTrafficTarget> Traffic(IReadOnlyList<KnativeRevision> live, IReadOnlyCollection<VersionShare> shares)
    {
        var targets = new List<(string, long)>();
        foreach (var share in shares)
        {
            if (share.Percent is < 0 or > 100)
            {
                throw new VersionRefusedException(VersionCodes.PercentInvalid, $"traffic_percent must be from 0 to 100, but is {share.Percent}");
            }

            var revision = Find(live, share.Commit)
                ?? throw new VersionRefusedException(VersionCodes.CommitUnknown, $"commit '{ResourceRules.Shown(share.Commit)}' is not deployed");
            if (!IsReady(revision))
            {
                throw new VersionRefusedException(VersionCodes.RevisionNotReady, $"revision {revision.Metadata.Name} is not ready to take requests");
            }

            targets.Add((revision.Metadata.Name, share.Percent));
        }

        var sum = shares.Sum(share => share.Percent);
        return sum == 100
            ? VersionTraffic.Of(targets)
            : throw new VersionRefusedException(VersionCodes.PercentInvalid, $"the traffic percentages must sum to 100, but sum to {sum}");
    }

    /// <summary>The traffic without a version, and the revisions that go with it.</summary>
    /// <exception cref="VersionRefusedException">No other version could take the requests.</exception>
    public static (IList<KnativeTrafficTarget> Traffic, IReadOnlyCollection<string> Removed) Remove(KnativeService service, IReadOnlyList<KnativeRevision> live, string commit)
    {
        var label = Label(commit);
        var removed = live.Where(revision => CommitOf(revision.Metadata) == label).Select(revision => revision.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var heir = live.LastOrDefault(revision => !removed.Contains(revision.Metadata.Name) && IsReady(revision))
            ?? throw new VersionRefusedException(VersionCodes.NoOtherRevision, $"no other version that is ready would remain without commit {commit}");
        return (VersionTraffic.Without(service.Spec?.Traffic, service.Status?.LatestReadyRevisionName, removed, heir.Metadata.Name), removed);
    }
}
