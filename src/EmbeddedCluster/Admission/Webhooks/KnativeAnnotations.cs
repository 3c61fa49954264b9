using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>Rules of the annotations that steer a revision: scaling and progress deadline.</summary>
internal static partial class KnativeAnnotations
{
    private const string Prefix = "autoscaling.knative.dev/";
    private const string Kpa = "kpa.autoscaling.knative.dev";
    private const string Hpa = "hpa.autoscaling.knative.dev";
    private static readonly TimeSpan WindowMin = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan WindowMax = TimeSpan.FromHours(1);

    public static void Check(JsonObject? annotations, string path, KnativeFaults faults)
    {
        Class(annotations, path, faults);
        Scale(annotations, path, faults);
        Numbers(annotations, path, faults);
        Windows(annotations, path, faults);
        Duration("progress-deadline", "serving.knative.dev/progress-deadline", annotations, path, faults);
    }

    /// <summary>An annotation that must be a duration of whole seconds, not negative.</summary>
    public static void Duration(string shortName, string key, JsonObject? annotations, string path, KnativeFaults faults)
    {
        var value = annotations.Text(key);
        if (value.Length == 0)
        {
            return;
        }

        if (ParseDuration(value) is not { } duration)
        {
            faults.Invalid(value, $"{path}.{key}");
        }
        else if (duration.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            faults.Add($"{shortName}={value} is not at second precision", "", $"{path}.{key}");
        }
        else if (duration < TimeSpan.Zero)
        {
            faults.Add($"{shortName}={value} must be positive", "", $"{path}.{key}");
        }
    }

    /// <summary>A duration such as <c>1h2m3.5s</c>, or null when the text is none.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        var match = DurationFormat().Match(text);
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        if (!match.Success)
        {
            return null;
        }

        var total = 0d;
        for (var i = 0; i < match.Groups["number"].Captures.Count; i++)
        {
            total += double.Parse(match.Groups["number"].Captures[i].Value, CultureInfo.InvariantCulture) * match.Groups["unit"].Captures[i].Value switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" or "µs" => 1e-6,
                _ => 1e-9,
            };
        }

        return total > TimeSpan.MaxValue.TotalSeconds / 2 ? null : TimeSpan.FromSeconds(match.Groups["sign"].Value == "-" ? -total : total);
    }

    private static void Class(JsonObject? annotations, string path, KnativeFaults faults)
    {
        var name = annotations.Text(Prefix + "class");
        if (name.EndsWith("autoscaling.knative.dev", StringComparison.Ordinal) && name is not (Kpa or Hpa))
        {
            faults.Invalid(name, $"{path}.{Prefix}class");
        }

        if (annotations?[Prefix + "metric"] is not { } metric)
        {
            return;
        }

        var allowed = (name.Length == 0 ? Kpa : name) switch
        {
            Kpa => metric.Text() is "concurrency" or "rps",
            Hpa => metric.Text().Length > 0,
            _ => true,
        };
        if (!allowed)
        {
            faults.Invalid(metric.Text(), $"{path}.{Prefix}metric");
        }
    }

    private static void Scale(JsonObject? annotations, string path, KnativeFaults faults)
    {
        var min = Count(annotations, "min-scale", path, faults);
        var max = Count(annotations, "max-scale", path, faults);
        if (max != 0 && max < min)
        {
            faults.Add($"max-scale={max} is less than min-scale={min}", "", $"{path}.{Prefix}max-scale", $"{path}.{Prefix}min-scale");
        }

        if (annotations?[Prefix + "initial-scale"] is { } initial)
        {
            var key = Prefix + "initial-scale";
            if (!int.TryParse(initial.Text(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
            {
                faults.Invalid(initial.Text(), $"{path}.{key}");
            }
            else if (count < 0)
            {
                faults.Invalid(initial.Text(), $"{path}.{key} must be greater than 0");
            }
            else if (count == 0)
            {
                faults.Invalid(initial.Text(), $"{path}.{key}=0 not allowed by cluster");
            }
        }

        Activation(annotations, min, max, path, faults);
    }

    private static void Activation(JsonObject? annotations, int min, int max, string path, KnativeFaults faults)
    {
        const string key = Prefix + "activation-scale";
        if (annotations?[key] is not { } value)
        {
            return;
        }

        if (!int.TryParse(value.Text(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
        {
            faults.Invalid(value.Text(), $"{path}.{key}");
        }
        else if (min > count)
        {
            faults.Add($"min-scale={min} is greater than activation-scale={count}", "", $"{path}.{key}");
        }
        else if (max < count && max != 0)
        {
            faults.Add($"max-scale={max} is less than activation-scale={count}", "", $"{path}.{key}");
        }
        else if (count < 2)
        {
            faults.Add($"activation-scale={count} must be greater than 1", "", $"{path}.{key}");
        }
    }

    private static int Count(JsonObject? annotations, string name, string path, KnativeFaults faults)
    {
        if (annotations?[Prefix + name] is not { } value)
        {
            return 0;
        }

        var text = value.Text();
        var field = $"{path}.{Prefix}{name}";
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && count >= 0)
        {
            return count;
        }

        if (decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            faults.OutOfBounds(text, 0, int.MaxValue, field);
        }
        else
        {
            faults.Invalid(text, field);
        }

        return 0;
    }

    private static void Numbers(JsonObject? annotations, string path, KnativeFaults faults)
    {
        Check("target", value => value < 0.01 ? $"target {annotations.Text(Prefix + "target")} should be at least 0.01" : null);
        Bounded("target-utilization-percentage", 1, 100);
        Bounded("panic-window-percentage", 1, 100);
        Bounded("panic-threshold-percentage", 110, 1000);
        const string burst = Prefix + "target-burst-capacity";
        if (annotations?[burst] is { } capacity && (!TryNumber(capacity.Text(), out var size) || (size < 0 && size != -1)))
        {
            faults.Invalid(capacity.Text(), $"{path}.{burst}");
        }

        void Bounded(string name, double lower, double upper) =>
            Check(name, value => value < lower || value > upper ? $"expected {lower} <= {annotations.Text(Prefix + name)} <= {upper}" : null);

        void Check(string name, Func<double, string?> fault)
        {
            if (annotations?[Prefix + name] is not { } value)
            {
                return;
            }

            if (!TryNumber(value.Text(), out var number))
            {
                faults.Invalid(value.Text(), $"{path}.{Prefix}{name}");
            }
            else if (fault(number) is { } message)
            {
                faults.Add(message, "", $"{path}.{Prefix}{name}");
            }
        }
    }

    private static void Windows(JsonObject? annotations, string path, KnativeFaults faults)
    {
        Window("window", WindowMin, "6s", wholeSeconds: true);
        Window("scale-down-delay", TimeSpan.Zero, "0s", wholeSeconds: true);
        Window("scale-to-zero-pod-retention-period", TimeSpan.Zero, "0s", wholeSeconds: false);

        void Window(string name, TimeSpan lower, string lowerText, bool wholeSeconds)
        {
            if (annotations?[Prefix + name] is not { } value)
            {
                return;
            }

            var field = $"{path}.{Prefix}{name}";
            if (ParseDuration(value.Text()) is not { } duration)
            {
                faults.Invalid(value.Text(), field);
            }
            else if (duration < lower || duration > WindowMax)
            {
                faults.OutOfBounds(value.Text(), lowerText, "1h0m0s", field);
            }
            else if (wholeSeconds && duration.Ticks % TimeSpan.TicksPerSecond != 0)
            {
                faults.Add("must be specified with at most second precision", "", field);
            }
        }
    }

    private static bool TryNumber(string text, out double number) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex(@"^(?<sign>[+-]?)((?<number>[0-9]+(\.[0-9]*)?|\.[0-9]+)(?<unit>ns|us|µs|ms|s|m|h))+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationFormat();
}
