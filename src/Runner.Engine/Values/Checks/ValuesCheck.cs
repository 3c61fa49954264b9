using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>What a file is checked against.</summary>
/// <param name="Chart">The chart that it is for.</param>
/// <param name="Schema">The schema that the deployed chart itself brings; null where it is not known.</param>
/// <param name="NodeLabels">Keys of labels and names of resources that nodes have; null where no cluster is known.</param>
public sealed record CheckContext(ChartVersion Chart, ChartSchema? Schema = null, IReadOnlySet<string>? NodeLabels = null);

/// <summary>Says everything that is wrong with a values file. Pure.</summary>
public static class ValuesCheck
{
    /// <summary>Checks a file against the catalogue, its values against each other, and the deployed chart's schema.</summary>
    /// <returns>The problems in the order of the file. Errors: the chart or the runner cannot take it. Warnings: something does not do what it seems to.</returns>
    public static IReadOnlyList<ValuesProblem> Run(ValuesDocument document, CheckContext context)
    {
        JsonObject values;
        try
        {
            values = HelmValues.Read(document);
        }
        catch (ValuesException exception)
        {
            return [exception.Problem];
        }

        var report = new CheckReport(document);
        new KeyChecks(document, values, context.Chart, report).Run();
        new CrossChecks(new EffectiveValues(context.Chart, values), context, report).Run();
        context.Schema?.Check(values, report);
        return [.. report.Problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column).ThenByDescending(problem => problem.Severity)];
    }

    /// <summary>Reads and checks a text; one that is no values file has that one problem.</summary>
    public static IReadOnlyList<ValuesProblem> Run(ReadOnlySpan<byte> file, CheckContext context)
    {
        try
        {
            return Run(ValuesDocument.Parse(file), context);
        }
        catch (ValuesException exception)
        {
            return [exception.Problem];
        }
    }
}
