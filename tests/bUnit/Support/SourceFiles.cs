namespace Runner.Tests.bUnit.Support;

/// <summary>The product's own source.</summary>
internal static class SourceFiles
{
    /// <summary>The folder that the solution is in.</summary>
    public static string Root { get; } = Find();

    /// <summary>Sources and pages in folders below the root, without what a build leaves there.</summary>
    public static IEnumerable<string> Of(params string[] folders) => folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.*", SearchOption.AllDirectories))
        .Where(file => (file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal)) && !file.Split(Path.DirectorySeparatorChar).Contains("obj"));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Console.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
