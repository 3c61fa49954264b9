namespace Runner.Tests.Support;

/// <summary>The working copy the tests run from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds <c>Console.sln</c>.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Console.sln"))
            ? folder
            : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException($"No Console.sln above {AppContext.BaseDirectory}"));
}
