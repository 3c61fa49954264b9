using System.Globalization;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;

namespace Runner.Engine.Diagnostics.Checks;

/// <param name="Offset">How far the other clock is ahead of ours.</param>
internal sealed record ClockReading(string Where, TimeSpan Offset);

/// <param name="Ends">Null when it could not be seen.</param>
internal sealed record CertificateReading(string Where, DateTimeOffset? Ends, string Problem);

/// <param name="ConfigMapName">Empty for none.</param>
internal sealed record ConfigurationView(string ConfigMapName, IReadOnlyList<ConfigurationProblem> Problems);

/// <summary>Judges what <see cref="RunnerChecks"/> gathered. Pure.</summary>
internal static class RunnerRules
{
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SoonEnds = TimeSpan.FromDays(21);
    private const long LowDisk = 1L << 30;
    private const long NoDisk = 200L << 20;

    public static Verdict Token(Uri? hub, OutboxStatus outbox, IReadOnlyList<HeartbeatStatus> beats)
    {
        if (hub is null)
        {
            return Verdict.Skipped(CheckCause.HubUnset);
        }

        var problems = beats.Select(beat => beat.Problem).Append(outbox.IsTroubled ? outbox.LastError : LocalText.None).Where(problem => problem.Length > 0).Distinct().ToList();
        if (outbox.TokenRefused || beats.Any(beat => beat.TokenRefused))
        {
            return Verdict.Bad(CheckCause.TokenRefused, [], hub.Authority).Saying(problems);
        }

        if (problems.Count > 0)
        {
            return Verdict.Bad(CheckCause.EventsNotTaken, [], outbox.Waiting.ToString(CultureInfo.InvariantCulture)).Saying(problems);
        }

        var taken = beats.Select(beat => beat.LastTakenAt).Append(outbox.LastSentAt).Max();
        return taken is { } at ? Verdict.Good(at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)) : Verdict.Warning(CheckCause.TokenUnproven, [], hub.Authority);
    }

    /// <summary>A clock is off when it differs by more than half a minute; dates of answers are to the second.</summary>
    public static Verdict Clock(IReadOnlyList<ClockReading> readings)
    {
        if (readings.Count == 0)
        {
            return Verdict.Skipped(CheckCause.ClockUnknown);
        }

        var evidence = readings.Select(reading => $"{reading.Where}: {reading.Offset.TotalSeconds.ToString("+0;-0;0", CultureInfo.InvariantCulture)} s").ToList();
        var worst = readings.MaxBy(reading => reading.Offset.Duration())!;
        return worst.Offset.Duration() > MostSkew
            ? Verdict.Bad(CheckCause.ClockOff, evidence, worst.Where, Math.Round(worst.Offset.Duration().TotalSeconds).ToString(CultureInfo.InvariantCulture))
            : Verdict.Good([.. evidence]);
    }

    public static Verdict ConfigMap(ConfigurationView view) => view switch
    {
        { Problems.Count: > 0 } => Verdict.Bad(CheckCause.ConfigMapWrong, [], view.Problems[0].Source)
            .Saying(view.Problems.Select(problem => new LocalText($"{problem.Source}: {problem.Problem.English}", $"{problem.Source}：{problem.Problem.Chinese}"))),
        { ConfigMapName.Length: 0 } => Verdict.Skipped(CheckCause.ConfigMapUnset),
        _ => Verdict.Good(view.ConfigMapName),
    };

    public static Verdict Certificates(IReadOnlyList<CertificateReading> readings, DateTimeOffset now)
    {
        var evidence = readings.Select(reading => reading.Ends is { } ends ? $"{reading.Where}: {ends.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}" : $"{reading.Where}: {reading.Problem}").ToList();
        var first = readings.Where(reading => reading.Ends is not null).MinBy(reading => reading.Ends);
        if (first?.Ends is not { } end)
        {
            return Verdict.Good([.. evidence]);
        }

        var date = end.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return end <= now ? Verdict.Bad(CheckCause.CertificateEnded, evidence, first.Where, date)
            : end - now < SoonEnds ? Verdict.Warning(CheckCause.CertificateEnds, evidence, first.Where, date)
            : Verdict.Good([.. evidence]);
    }

    public static Verdict Disk(long free, long total)
    {
        string[] evidence = [$"{free >> 20} MiB / {total >> 20} MiB"];
        var figure = $"{free >> 20} MiB";
        return free < NoDisk ? Verdict.Bad(CheckCause.DiskLow, evidence, figure) : free < LowDisk ? Verdict.Warning(CheckCause.DiskLow, evidence, figure) : Verdict.Good(evidence);
    }

    /// <summary>The host of an address with or without a scheme; null for none.</summary>
    public static string? HostOf(string address) =>
        address.Length > 0 && Uri.TryCreate(address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.DnsSafeHost : null;
}
