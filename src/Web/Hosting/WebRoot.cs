namespace Runner.Web.Hosting;

/// <summary>Finds the folder of static files: beside the program when published, at the top of the repository when started from source.</summary>
internal static class WebRoot
{
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Console.sln")))
            {
                return Path.Combine(folder.FullName, "wwwroot");
            }
        }

        return Path.Combine(AppContext.BaseDirectory, "wwwroot");
    }
}
