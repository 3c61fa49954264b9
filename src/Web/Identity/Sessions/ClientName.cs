namespace Runner.Web.Identity.Sessions;

/// <summary>Names a browser and its system from what it sends as <c>User-Agent</c>, so that a person recognises it in a list. Anybody can send anything: it proves nothing.</summary>
internal static class ClientName
{
    private const int Longest = 40;

    // The order matters: Edge also calls itself Chrome, and Chrome Safari.
    private static readonly (string Token, string Name)[] Browsers =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("HeadlessChrome/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];

    private static readonly (string Token, string Name)[] Systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

    /// <summary>Pure.</summary>
    public static string Of(string userAgent)
    {
        var browser = Browsers.FirstOrDefault(known => userAgent.Contains(known.Token, StringComparison.Ordinal)).Name;
        var system = Systems.FirstOrDefault(known => userAgent.Contains(known.Token, StringComparison.Ordinal)).Name;
        return (browser, system) switch
        {
            (not null, not null) => $"{browser}, {system}",
            (null, null) => new string([.. userAgent.Where(character => !char.IsControl(character)).Take(Longest)]),
            _ => browser ?? system!,
        };
    }
}
