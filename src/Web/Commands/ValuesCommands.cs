using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Runner.Engine.Values;

namespace Runner.Web.Commands;

/// <summary>The commands for values files: <c>values check</c>, <c>migrate</c>, <c>diff</c>, <c>export</c>. A file named <c>-</c> is the standard input.</summary>
internal static class ValuesCommands
{
    public static Command Make() => new("values", "Check, migrate, compare and fetch Helm values.") { Check(), Migrate(), Diff(), Export(), Schema(), Reference() };

    private static Command Check()
    {
        var (file, chart) = (File("The values file, or - for the standard input."), Chart("--chart", "The version of the chart it is for."));
        var json = new Option<bool>("--json") { Description = "Write the problems as JSON to the standard output." };
        var strict = new Option<bool>("--strict") { Description = "Count warnings as errors." };
        var command = new Command("check", "Say everything that is wrong with a values file. Exit code 0: no errors; 1: errors; 2: it cannot be read.") { file, chart, json, strict };
        command.SetAction((parsed, cancellation) => ValuesFiles.CheckAsync(
            parsed.GetRequiredValue(file), Version(parsed.GetValue(chart)), parsed.GetValue(json), parsed.GetValue(strict), CommandStreams.Of(parsed), cancellation));
        return command;
    }

    private static Command Migrate()
    {
        var file = File("The values file, or - for the standard input.");
        var to = Chart("--to", "The version of the chart that it is to be for, such as 2.4.");
        to.Required = true;
        var diff = new Option<bool>("--diff") { Description = "Write the difference, secrets masked, and not the file." };
        var command = new Command("migrate", "Write a values file for another chart to the standard output. Exit code 0: done; 1: something must be moved by hand; 2: it cannot be read.") { file, to, diff };
        command.SetAction((parsed, cancellation) => ValuesFiles.MigrateAsync(parsed.GetRequiredValue(file), Version(parsed.GetValue(to)), parsed.GetValue(diff), CommandStreams.Of(parsed), cancellation));
        return command;
    }

    private static Command Diff()
    {
        var file = File("The values file, or - for the standard input.");
        var other = new Argument<string?>("OTHER") { Description = "The file to compare with; the deployed release of a running runner where none is given.", Arity = ArgumentArity.ZeroOrOne };
        var access = new AccessOptions();
        var command = new Command("diff", "Compare a values file with another, or with the deployed release; secrets are masked. Exit code 0: the same; 1: they differ; 2: one of them cannot be read.") { file, other };
        access.AddTo(command);
        command.SetAction((parsed, cancellation) => ValuesFiles.DiffAsync(parsed.GetRequiredValue(file), parsed.GetValue(other), access.Read(parsed), CommandStreams.Of(parsed), cancellation));
        return command;
    }

    private static Command Export()
    {
        var masked = new Option<bool>("--masked") { Description = "With placeholders in place of secrets." };
        var release = new Option<bool>("--release") { Description = "The values of the deployed release, and not those saved in the console." };
        var access = new AccessOptions();
        var command = new Command("export", "Write the configuration of a running runner to the standard output, and the helm upgrade line to the standard error. Exit code 0: done; 2: refused or not reached.") { masked, release };
        access.AddTo(command);
        command.SetAction((parsed, cancellation) => ValuesFiles.ExportAsync(parsed.GetValue(masked), parsed.GetValue(release), access.Read(parsed), CommandStreams.Of(parsed), cancellation));
        return command;
    }

    private static Command Schema()
    {
        var command = new Command("schema", "Write the JSON schema of the values, as our chart has it, to the standard output.");
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(ValuesSchema.Make(ValuesCatalogue.Instance).ToJsonString(Indented) + "\n"));
        return command;
    }

    private static Command Reference()
    {
        var command = new Command("reference", "Write the documentation of every value, as Markdown, to the standard output.");
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(ValuesReference.Make(ValuesCatalogue.Instance)));
        return command;
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static Argument<string> File(string description) => new("FILE") { Description = description };

    private static Option<string?> Chart(string name, string description)
    {
        var option = new Option<string?>(name) { Description = $"{description} {ChartVersion.Lines[0]} to {ChartVersion.Lines[^1]}, or {ChartVersion.Ours.Line}, which comes with this runner.", HelpName = "VERSION" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count != 1 || !ChartVersion.TryParse(result.Tokens[0].Value, out var version))
            {
                result.AddError($"{name} must be followed by the version of a chart, such as 2.4 or 2.4.1.");
            }
            else if (!version.IsKnown)
            {
                result.AddError($"{name} {version}: what that chart reads is not known here. Known are {ChartVersion.Lines[0]} to {ChartVersion.Lines[^1]}, and {ChartVersion.Ours.Line}, which comes with this runner; give the nearest one, or take a newer runner.");
            }
        });
        return option;
    }

    private static ChartVersion Version(string? text) => text is null ? ChartVersion.Newest : ChartVersion.Parse(text);
}
