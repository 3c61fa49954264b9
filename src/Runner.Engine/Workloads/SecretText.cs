namespace Runner.Engine.Workloads;

/// <summary>Keeps what is secret out of texts that are shown or logged. Pure.</summary>
internal static class SecretText
{
    /// <summary>Shorter ones are words of any sentence.</summary>
    private const int Shortest = 6;

    /// <summary>Replaces each of the values, wherever it stands, by three stars.</summary>
    public static string Hide(string text, IEnumerable<string?> values) =>
        values.OfType<string>().Where(value => value.Length >= Shortest).OrderByDescending(value => value.Length)
            .Aggregate(text, (hidden, value) => hidden.Replace(value, "***", StringComparison.Ordinal));
}
