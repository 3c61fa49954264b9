namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>Labels, annotations and fixed values of Knative Serving.</summary>
internal static class KnativeKeys
{
    public const string ServiceLabel = "serving.knative.dev/service";
    public const string ServiceUidLabel = "serving.knative.dev/serviceUID";
    public const string ConfigurationLabel = "serving.knative.dev/configuration";
    public const string ConfigurationUidLabel = "serving.knative.dev/configurationUID";
    public const string ConfigurationGenerationLabel = "serving.knative.dev/configurationGeneration";
    public const string RevisionLabel = "serving.knative.dev/revision";
    public const string RevisionUidLabel = "serving.knative.dev/revisionUID";
    public const string RoutingStateLabel = "serving.knative.dev/routingState";
    public const string RoutingStateModified = "serving.knative.dev/routingStateModified";
    public const string Routes = "serving.knative.dev/routes";
    public const string Creator = "serving.knative.dev/creator";
    public const string ProgressDeadline = "serving.knative.dev/progress-deadline";
    public const string MinScale = "autoscaling.knative.dev/min-scale";
    public const string MaxScale = "autoscaling.knative.dev/max-scale";
    public const string Window = "autoscaling.knative.dev/window";
    public const string RouteFinalizer = "routes.serving.knative.dev";

    /// <summary>Annotation on a PodAutoscaler: when a request last arrived, as RFC 3339 with fractions. Set it to now to wake a sleeping service.</summary>
    public const string LastRequest = "embedded.csghub.io/last-request";

    /// <summary>Domain under which routes are reachable in name.</summary>
    public const string Domain = "app.example.com";

    /// <summary>Reads a Go duration such as <c>10m</c>, <c>1h30m</c>, <c>45s</c>; null for what is none.</summary>
    public static TimeSpan? Duration(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var total = TimeSpan.Zero;
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) || text[i] == '.')
            {
                continue;
            }

            if (!double.TryParse(text.AsSpan(start, i - start), System.Globalization.CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            total += text[i] switch
            {
                'h' => TimeSpan.FromHours(number),
                'm' when i + 1 < text.Length && text[i + 1] == 's' => TimeSpan.FromMilliseconds(number),
                'm' => TimeSpan.FromMinutes(number),
                's' => TimeSpan.FromSeconds(number),
                _ => TimeSpan.Zero,
            };
            i += text[i] == 'm' && i + 1 < text.Length && text[i + 1] == 's' ? 1 : 0;
            start = i + 1;
        }

        return total;
    }
}
