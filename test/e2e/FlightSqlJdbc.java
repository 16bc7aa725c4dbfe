// What DBeaver, Tableau and Metabase do: open a connection, look at what there is, query. Prints one line for each thing seen;
// test_flight_jdbc.py says what they must be.
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

public class FlightSqlJdbc {
  public static void main(String[] args) {
    try {
      look(args);
      System.exit(0);
    } catch (Exception failure) {
      failure.printStackTrace();
      System.exit(1);  // the driver's threads would go on
    }
  }

  private static void look(String[] args) throws Exception {
    try (Connection connection = DriverManager.getConnection(args[0])) {
      DatabaseMetaData meta = connection.getMetaData();
      System.out.println("product " + meta.getDatabaseProductName() + " readonly " + meta.isReadOnly());
      System.out.println("quote " + meta.getIdentifierQuoteString() + " schema term " + meta.getSchemaTerm()
          + " longest column " + meta.getMaxColumnNameLength() + " union " + meta.supportsUnionAll());
      print("catalog", meta.getCatalogs(), 1);
      print("schema", meta.getSchemas(null, args[1]), 1);
      print("type", meta.getTableTypes(), 1);
      print("table", meta.getTables(null, args[1], "%", new String[] {"TABLE"}), 2, 3, 4);
      print("column", meta.getColumns(null, args[1], "cpu", "%"), 4, 6);
      print("key", meta.getPrimaryKeys(null, args[1], "cpu"), 4);
      try (Statement statement = connection.createStatement()) {
        print("row", statement.executeQuery("SELECT host, v, n FROM " + args[1] + ".cpu ORDER BY v"), 1, 2, 3);
        try {
          statement.executeQuery("SELECT nothing FROM cpu");
          System.out.println("no error");
        } catch (SQLException refused) {
          System.out.println("refused " + refused.getMessage().contains("nothing"));
        }
      }
      try (PreparedStatement statement = connection.prepareStatement("SELECT host FROM " + args[1] + ".cpu WHERE v > ? AND host <> ?")) {
        statement.setDouble(1, 2.0);
        statement.setString(2, "z");
        print("prepared", statement.executeQuery(), 1);
      }
    }
  }

  private static void print(String what, ResultSet result, int... columns) throws SQLException {
    try (ResultSet rows = result) {
      while (rows.next()) {
        StringBuilder line = new StringBuilder(what);
        for (int column : columns) line.append(' ').append(rows.getString(column));
        System.out.println(line);
      }
    }
  }
}
