using System.Text.Json;

namespace Runner.Bench;

/// <summary>Something that a bench needs is not there or does not work.</summary>
internal sealed class BenchException(string message) : Exception(message);

/// <summary>Prints a table line by line, and keeps the raw numbers for a file of their own.</summary>
internal sealed class Report(string bench)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly Dictionary<string, double[]> _raw = [];

    /// <summary>Where the files go: <c>artifacts</c> in the folder of the solution.</summary>
    private static string Folder
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Console.sln")))
            {
                folder = Path.GetDirectoryName(folder) ?? throw new BenchException($"there is no Console.sln above {AppContext.BaseDirectory}");
            }

            return Path.Combine(folder, "artifacts");
        }
    }

    public static void Head()
    {
        Console.WriteLine($"{"what",-62}{"median",12}{"low",12}{"high",12}  unit");
        Console.WriteLine(new string('-', 106));
    }

    public static double Median(IReadOnlyCollection<double> values) => Percentile(values, 0.5);

    public static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>Measurements of one thing.</summary>
    public void Add(string what, string unit, IReadOnlyCollection<double> values)
    {
        _raw[$"{what} [{unit}]"] = [.. values];
        Console.WriteLine($"{bench + ": " + what,-62}{Median(values),12:0.##}{values.Min(),12:0.##}{values.Max(),12:0.##}  {unit}");
    }

    /// <summary>A figure made of others, against what is to be reached.</summary>
    public void Ratio(string what, double value, string wanted)
    {
        _raw[what] = [value];
        Console.WriteLine($"{bench + ": " + what,-62}{value,12:0.00}{"",24}  wanted {wanted}");
    }

    public void Say(string text) => Console.WriteLine($"{bench}: {text}");

    public async Task SaveAsync()
    {
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, $"bench-{bench}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(_raw, Indented));
    }
}
