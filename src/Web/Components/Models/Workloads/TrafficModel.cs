using System.Globalization;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>One version in the traffic editor.</summary>
/// <param name="Commit">What the hub knows the version by.</param>
/// <param name="Revision">Its newest revision.</param>
/// <param name="Now">Percent of the requests that it has.</param>
/// <param name="Wanted">Percent that it shall have.</param>
/// <param name="Text">What stands in the field, which is a number or not.</param>
/// <param name="IsReady">A version that is not ready can have no requests.</param>
public sealed record TrafficRow(string Commit, string Revision, int Now, int Wanted, string Text, bool IsReady)
{
    /// <summary>False when what stands in the field is not a percentage.</summary>
    public bool IsValid => Text == Wanted.ToString(CultureInfo.InvariantCulture);

    public bool IsChanged => Wanted != Now;
}

/// <summary>
/// How requests are to be shared out over the versions of a service, while somebody types. A share that is changed is made up for by the others in proportion, so
/// that the whole is 100 at every moment. Plain state without a page.
/// </summary>
public sealed class TrafficModel
{
    /// <summary>Versions with a commit, the newest first.</summary>
    public IReadOnlyList<TrafficRow> Rows { get; private set; } = [];

    /// <summary>True when somebody has changed something that is not applied.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Versions that may have requests: with fewer than two there is nothing to share out.</summary>
    public int Ready => Rows.Count(row => row.IsReady);

    public bool CanApply => IsDirty && Rows.All(row => row.IsValid) && Rows.Any(row => row.IsChanged);

    /// <summary>The shares to ask for. Versions that are not ready are left out, and end up with nothing.</summary>
    public IReadOnlyList<VersionShare> Shares => [.. Rows.Where(row => row.IsReady).Select(row => new VersionShare(row.Commit, row.Wanted))];

    /// <summary>Takes over how things are. What somebody is typing stays, unless the versions themselves are others.</summary>
    public void Load(Workload workload)
    {
        var rows = workload.Revisions
            .Where(revision => revision.CommitId.Length > 0)
            .GroupBy(revision => revision.CommitId)
            .Select(version => (Newest: version.MaxBy(revision => revision.CreatedAt)!, Percent: version.Sum(revision => revision.TrafficPercent), IsReady: version.Any(revision => revision.IsReady)))
            .OrderByDescending(version => version.Newest.CreatedAt).ThenBy(version => version.Newest.Name, StringComparer.Ordinal)
            .Select(version => new TrafficRow(version.Newest.CommitId, version.Newest.Name, version.Percent, version.Percent, Shown(version.Percent), version.IsReady))
            .ToList();
        var isSame = rows.Select(row => (row.Commit, row.IsReady)).SequenceEqual(Rows.Select(row => (row.Commit, row.IsReady)));
        if (IsDirty && isSame)
        {
            Rows = [.. Rows.Zip(rows, (typed, real) => typed with { Now = real.Now, Revision = real.Revision })];
            IsDirty = Rows.Any(row => row.IsChanged || !row.IsValid);
        }
        else
        {
            (Rows, IsDirty) = (rows, false);
        }
    }

    /// <summary>Gives a version what was typed. Not a percentage: it is shown as wrong, and nothing else changes.</summary>
    public void Set(string commit, string text)
    {
        var ready = Rows.Where(row => row.IsReady).ToList();
        var index = ready.FindIndex(row => row.Commit == commit);
        if (index < 0)
        {
            return;
        }

        IsDirty = true;
        if (!int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent > 100)
        {
            Rows = [.. Rows.Select(row => row.Commit == commit ? row with { Text = text } : row)];
            return;
        }

        var shares = TrafficShares.With([.. ready.Select(row => row.Wanted)], index, percent);
        var wanted = ready.Select((row, i) => (row.Commit, Share: shares[i])).ToDictionary(share => share.Commit, share => share.Share);
        Rows = [.. Rows.Select(row => wanted.GetValueOrDefault(row.Commit) is var share ? row with { Wanted = share, Text = Shown(share) } : row)];
    }

    /// <summary>Forgets what was typed.</summary>
    public void Reset()
    {
        Rows = [.. Rows.Select(row => row with { Wanted = row.Now, Text = Shown(row.Now) })];
        IsDirty = false;
    }

    private static string Shown(int percent) => percent.ToString(CultureInfo.InvariantCulture);
}
