using System.Text.Json.Nodes;
using Runner.Engine.Values;

namespace Runner.Web.Components.Models.Configuration;

/// <summary>Makes the form of a values file: every value that the chart has, as the file has it. Pure.</summary>
internal static class ConfigurationForm
{
    /// <param name="document">Null while the text is no values file: the form shows the chart's defaults.</param>
    /// <param name="query">Words that a value must have in its key, title or description.</param>
    /// <param name="onlyGiven">Only what the file itself has.</param>
    public static IReadOnlyList<IGrouping<string, ConfigurationField>> Sections(
        ValuesDocument? document, ChartVersion chart, IReadOnlyList<ValuesProblem> problems, string query, bool onlyGiven)
    {
        var effective = new EffectiveValues(chart, Read(document));
        var words = query.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
        [
            .. ValuesCatalogue.Instance.In(chart).Select(definition => Field(definition, effective, problems))
                .Where(field => (!onlyGiven || field.Given) && words.All(word => Has(field, word)))
                .GroupBy(field => field.Definition.Section),
        ];
    }

    private static JsonObject Read(ValuesDocument? document)
    {
        try
        {
            return document is null ? [] : HelmValues.Read(document);
        }
        catch (ValuesException)
        {
            return [];
        }
    }

    private static ConfigurationField Field(ValueDefinition definition, EffectiveValues values, IReadOnlyList<ValuesProblem> problems)
    {
        var (id, chart) = (definition.Id.ToString(), values.Chart);
        var (key, kind) = (values.KeyOf(id), definition.KindIn(chart));
        return new(
            definition, key, kind, values.IsSet(id),
            definition.Secret ? "" : ConfigurationField.Print(values.NodeOf(definition), kind),
            definition.Secret ? "" : ConfigurationField.Print(definition.DefaultIn(chart), kind),
            [.. problems.Where(problem => !problem.Path.IsRoot && problem.Path.StartsWith(key))])
        {
            Choices = definition.Allowed.Contains("auto") && !chart.IsOurs ? [] : definition.Allowed,
        };
    }

    private static bool Has(ConfigurationField field, string word) =>
        new[] { field.Key.ToString(), field.Definition.Title.English, field.Definition.Title.Chinese, field.Definition.Description.English, field.Definition.Description.Chinese }
            .Concat(field.Definition.ConfigMapKeys).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
