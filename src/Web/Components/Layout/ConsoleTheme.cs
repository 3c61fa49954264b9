using MudBlazor;

namespace Runner.Web.Components.Layout;

/// <summary>
/// Type and shape of MudBlazor's controls. Colours are not here: <c>css/tokens.css</c> holds both palettes and hands them to MudBlazor as variables,
/// so that a theme is chosen before the first paint and switched without a round trip.
/// </summary>
internal static class ConsoleTheme
{
    private static readonly string[] Face = ["var(--face)"];

    public static MudTheme Theme { get; } = new()
    {
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px", AppbarHeight = "48px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Face, FontSize = "0.8125rem", LineHeight = "1.5", LetterSpacing = "0" },
            Body1 = new Body1Typography { FontFamily = Face, FontSize = "0.8125rem", LineHeight = "1.5", LetterSpacing = "0" },
            Body2 = new Body2Typography { FontFamily = Face, FontSize = "0.8125rem", LineHeight = "1.5", LetterSpacing = "0" },
            H6 = new H6Typography { FontFamily = Face, FontSize = "0.9375rem", FontWeight = "600", LineHeight = "1.4", LetterSpacing = "-0.005em" },
            Subtitle1 = new Subtitle1Typography { FontFamily = Face, FontSize = "0.8125rem", LetterSpacing = "0" },
            Button = new ButtonTypography { FontFamily = Face, FontSize = "0.8125rem", FontWeight = "550", LetterSpacing = "0", TextTransform = "none", LineHeight = "1.5" },
            Caption = new CaptionTypography { FontFamily = Face, FontSize = "0.75rem", LetterSpacing = "0" },
        },
    };
}
