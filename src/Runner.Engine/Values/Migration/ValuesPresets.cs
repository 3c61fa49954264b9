namespace Runner.Engine.Values;

/// <summary>Settings that belong together.</summary>
public static class ValuesPresets
{
    /// <summary>The mirror of all images in mainland China.</summary>
    public const string ChinaRegistry = "opencsg-registry.cn-beijing.cr.aliyuncs.com";

    /// <summary>Takes images from the mirror in mainland China, and Python packages from the index there.</summary>
    /// <exception cref="ValuesException">The file has these values in a way that cannot be edited.</exception>
    public static ValuesDocument China(ValuesDocument document, ChartVersion chart)
    {
        foreach (var (id, value) in ((string, string)[])[("global.image.registry", ChinaRegistry), ("space.pipIndexUrl", "https://pypi.tuna.tsinghua.edu.cn/simple/")])
        {
            var definition = ValuesCatalogue.Instance.Values.Single(candidate => candidate.Id.ToString() == id);
            var effective = new EffectiveValues(chart, HelmValues.Read(document));

            // What the chart has by default is not written.
            if (definition.KeyIn(chart) is { } key && effective.Text(id) != value)
            {
                document = document.Set(key, YamlValue.Of(value), ValuesCatalogue.Instance.Order);
            }
        }

        return document;
    }
}
