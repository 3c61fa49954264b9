using System.Text.Json;
using Runner.Engine.Values;
using Runner.Web.Hosting;

namespace Runner.Web.Commands;

/// <summary>Carries out the commands for values files. Results go to the standard output, everything else to the standard error.</summary>
internal static class ValuesFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task<int> CheckAsync(string file, ChartVersion chart, bool json, bool strict, CommandStreams streams, CancellationToken cancellationToken) => GuardedAsync(streams, async () =>
    {
        var bytes = await ReadAsync(file, cancellationToken);
        var problems = ValuesCheck.Run(bytes, new(chart));
        if (json)
        {
            await streams.Out.WriteLineAsync(JsonSerializer.Serialize(problems.Select(problem => new
            {
                code = problem.Code,
                severity = problem.Severity == ProblemSeverity.Error ? "error" : "warning",
                line = problem.Line,
                column = problem.Column,
                key = problem.Path.ToString(),
                message = problem.Message.English,
                remedy = problem.Remedy.English,
            }), Json));
        }
        else
        {
            foreach (var problem in problems)
            {
                await streams.Error.WriteLineAsync(Said(file, problem));
            }
        }

        var errors = problems.Count(problem => strict || problem.Severity == ProblemSeverity.Error);
        await streams.Error.WriteLineAsync($"{file}: {errors} {(errors == 1 ? "error" : "errors")}, {problems.Count - errors} {(problems.Count - errors == 1 ? "warning" : "warnings")} for chart {chart}");
        return errors > 0 ? 1 : 0;
    });

    public static Task<int> MigrateAsync(string file, ChartVersion chart, bool diff, CommandStreams streams, CancellationToken cancellationToken) => GuardedAsync(streams, async () =>
    {
        var migrated = ValuesMigration.Run(ValuesDocument.Parse(await ReadAsync(file, cancellationToken)), chart);
        foreach (var step in migrated.Steps)
        {
            await streams.Error.WriteLineAsync(step.To is { } to && !to.Equals(step.From) ? $"{Word(step.Act)} {step.From} to {to}" : $"{Word(step.Act)} {step.From}: {step.Why.English}");
        }

        await streams.Out.WriteAsync(diff
            ? ValuesDiff.Unified(ValuesMask.Mask(migrated.Before), ValuesMask.Mask(migrated.After), file, $"{file} for chart {chart}")
            : migrated.After.Text);
        return migrated.Steps.Any(step => step.Act == MigrationAct.LeftAlone) ? 1 : 0;
    });

    public static Task<int> DiffAsync(string file, string? other, RunnerAccess access, CommandStreams streams, CancellationToken cancellationToken) => GuardedAsync(streams, async () =>
    {
        var mine = ValuesDocument.Parse(await ReadAsync(file, cancellationToken));
        return other is null ? await DiffReleaseAsync(mine, access, streams, cancellationToken) : await DiffFileAsync(file, mine, other, streams, cancellationToken);
    });

    private static async Task<int> DiffFileAsync(string file, ValuesDocument mine, string other, CommandStreams streams, CancellationToken cancellationToken)
    {
        var theirs = ValuesDocument.Parse(await ReadAsync(other, cancellationToken));
        await streams.Out.WriteAsync(ValuesDiff.Unified(ValuesMask.Mask(theirs), ValuesMask.Mask(mine), other, file));
        return theirs.Text == mine.Text ? 0 : 1;
    }

    /// <summary>Helm keeps values and no text: the values are compared, what is secret is told by its key alone, and with each goes what an upgrade would do about it.</summary>
    private static async Task<int> DiffReleaseAsync(ValuesDocument mine, RunnerAccess access, CommandStreams streams, CancellationToken cancellationToken)
    {
        var export = await RunnerClient.ExportAsync(access, masked: false, release: true, cancellationToken);
        var (before, after) = (HelmValues.Read(ValuesDocument.Parse(export.Text)), HelmValues.Read(mine));
        var prefix = "";
        if (export.Part.Length > 0)
        {
            var part = ValuesPart.Find(export.Part, before, [], export.Switches);
            var whole = ValuesPart.IsOfWhole(after, export.Part);
            after = ValuesPart.Pruned(whole ? ValuesPart.Find(export.Part, after, [], export.Switches).Seen : after);
            (before, prefix) = (part.ComparedWith(after, export.Chart), whole ? export.Part + "." : "");
            await streams.Error.WriteLineAsync(
                $"Compared as a file of {(whole ? "the whole chart" : "the runner's chart")}: the values of '{export.Part}', and what is global."
                + (whole && export.Others.Count > 0 ? $" Not compared: {string.Join(", ", export.Others)}; 'helm get values' shows them." : ""));
        }

        var changes = ValuesPrediction.Changes(export.Chart, ReleaseIdentity.Usual, HelmValues.ToDocument(before), export.Part.Length > 0 ? HelmValues.ToDocument(after) : mine);
        foreach (var change in changes)
        {
            var path = change.Path.Steps[0].Key == "global" ? "" : prefix;
            await streams.Out.WriteLineAsync($"{path}{change.Path}: {Shown(change.Path, before.At(change.Path))} -> {Shown(change.Path, after.At(change.Path))} ({Effect(change, export.Chart)})");
        }

        return changes.Count > 0 ? 1 : 0;
    }

    public static Task<int> ExportAsync(bool masked, bool release, RunnerAccess access, CommandStreams streams, CancellationToken cancellationToken) => GuardedAsync(streams, async () =>
    {
        var export = await RunnerClient.ExportAsync(access, masked, release, cancellationToken);
        await streams.Out.WriteAsync(export.Text);
        await streams.Error.WriteLineAsync(export.UpgradeLine);
        return 0;
    });

    private static string Shown(KeyPath path, System.Text.Json.Nodes.JsonNode? value) =>
        value is null ? "(not set)" : ValuesMask.IsSecret(path) ? ValuesMask.Placeholder : value is System.Text.Json.Nodes.JsonValue ? HelmValues.Print(value) : "(changed)";

    private static string Effect(PredictedChange change, ChartVersion chart) => change.Outcome switch
    {
        PredictedOutcome.Refused => $"chart {chart} refuses it",
        PredictedOutcome.Same => "the same as before",
        PredictedOutcome.Ignored => $"chart {chart} ignores it",
        _ => change.Takes == TakesEffect.Live ? "live" : "upgrade",
    };

    private static string Word(MigrationAct act) => act switch
    {
        MigrationAct.Moved => "moved",
        MigrationAct.Converted => "converted",
        MigrationAct.Removed => "removed",
        _ => "LEFT",
    };

    private static string Said(string file, ValuesProblem problem) =>
        $"{file}:{problem.Line}:{problem.Column}: {(problem.Severity == ProblemSeverity.Error ? "error" : "warning")} {problem.Code}: {problem.Message.English} {problem.Remedy.English}";

    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancellationToken)
    {
        using var held = new MemoryStream();
        await using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0 && held.Length <= 4L * ValuesDocument.MaxLength;)
        {
            held.Write(buffer, 0, read);
        }

        return held.ToArray();
    }

    /// <summary>What cannot be read or reached is said in one line; the exit code tells it from what was read and is wrong.</summary>
    private static async Task<int> GuardedAsync(CommandStreams streams, Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception exception) when (exception is ValuesException or IOException or UnauthorizedAccessException or RunnerClientException)
        {
            await streams.Error.WriteLineAsync(exception.Message);
            return CommandLine.Refused;
        }
    }
}
