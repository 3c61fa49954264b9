namespace Runner.Web.Identity.Pages;

/// <summary>Names the resource that holds the words of the sign-in and error pages: <c>SignInText.resx</c> (English) and <c>SignInText.zh-Hans.resx</c>.</summary>
public sealed class SignInText;
