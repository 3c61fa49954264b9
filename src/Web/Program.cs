var app = WebApplication.CreateBuilder(args).Build();
await app.RunAsync();

/// <summary>The program: composition, HTTP and pages.</summary>
public partial class Program;
